/* same_bytes.c - the yardstick of budgets that compare with libmicrohttpd: answers every request with
 * the bytes of a file, from memory. same_bytes FILE PORT; prints a line when it listens. */
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define BODY_MAX (16u << 20)

static char *body;
static size_t body_n;

static enum MHD_Result answer(void *cls, struct MHD_Connection *c, const char *url,
                              const char *method, const char *version, const char *data,
                              size_t *data_n, void **slot)
{
    static int seen;
    (void)cls, (void)url, (void)method, (void)version, (void)data;
    if (!*slot || *data_n) { /* uploads are read to their end and dropped */
        *slot = &seen;
        *data_n = 0;
        return MHD_YES;
    }
    struct MHD_Response *r = MHD_create_response_from_buffer(body_n, body, MHD_RESPMEM_PERSISTENT);
    MHD_add_response_header(r, "Content-Type", "application/json");
    enum MHD_Result rc = MHD_queue_response(c, 200, r);
    MHD_destroy_response(r);
    return rc;
}

int main(int argc, char **argv)
{
    FILE *f = argc == 3 ? fopen(argv[1], "r") : NULL;
    if (!f) {
        fputs("same_bytes FILE PORT\n", stderr);
        return 2;
    }
    body = malloc(BODY_MAX);
    body_n = body ? fread(body, 1, BODY_MAX, f) : 0;
    fclose(f);
    struct MHD_Daemon *d = MHD_start_daemon(
        MHD_USE_EPOLL_INTERNAL_THREAD, (uint16_t)strtoul(argv[2], NULL, 10), NULL, NULL, answer,
        NULL, MHD_OPTION_THREAD_POOL_SIZE, 2u, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)64 * 1024, MHD_OPTION_END);
    if (!d)
        return 1;
    puts("listening");
    fflush(stdout);
    pause();
    return 0;
}
