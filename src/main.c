/* main.c - finds the command, reads its options, runs it. */
#include <curl/curl.h>
#include <sodium.h>
#include <stdio.h>

#include "cmd/cmd.h"

struct command {
    const char *group, *verb; /* "user", "add"; verb NULL for one-word commands */
    const char *flags;        /* the flags it takes, each between blanks */
    command_fn *run;
    const char *help;
};

static const struct command commands[] = {
    { "init", NULL, " data email password org project json ", cmd_init,
      "make a data folder with an organization, a project, an owner and a key" },
    { "serve", NULL, " data listen public-url clock engine-program library engine-memory debug ",
      cmd_serve, "run the server" },
    { "engine", NULL, " data listen library engine-memory ", cmd_engine,
      "run the event data's process alone" },
    { "user", "add", " data email password org level json ", cmd_user_add, "add a user" },
    { "org", "add", " data name json ", cmd_org_add, "add an organization with a project" },
    { "project", "add", " data name org json ", cmd_project_add, "add a project" },
    { "key", "add", " data email scopes teams label json ", cmd_key_add,
      "add a personal API key" },
    { "routes", NULL, " ", cmd_routes, "print the route table as JSON" },
};

static void usage(FILE *to)
{
    fprintf(to, "usage: hoglet COMMAND [--flag value]…; hoglet COMMAND --help\n");
    for (size_t i = 0; i < ARRAY_LEN(commands); i++)
        fprintf(to, "  %s%s%s\t%s\n", commands[i].group, commands[i].verb ? " " : "",
                commands[i].verb ? commands[i].verb : "", commands[i].help);
}

static void usage_of(const struct command *c)
{
    printf("hoglet %s%s%s: %s\n", c->group, c->verb ? " " : "", c->verb ? c->verb : "", c->help);
    options_describe(c->flags, stdout);
}

static const struct command *find_command(char ***args)
{
    for (size_t i = 0; i < ARRAY_LEN(commands) && **args; i++) {
        const struct command *c = &commands[i];
        if (strcmp(**args, c->group) != 0)
            continue;
        if (c->verb && (!(*args)[1] || strcmp((*args)[1], c->verb) != 0))
            continue;
        *args += c->verb ? 2 : 1;
        return c;
    }
    return NULL;
}

int main(int argc, char **argv)
{
    struct options o = { 0 };
    struct err e = ERR_INIT;
    bool help = false;
    char **args = argv + (argc > 0);
    const struct command *c = find_command(&args);
    if (!c) {
        bool asked = *args && strcmp(*args, "--help") == 0;
        usage(asked ? stdout : stderr);
        return asked ? 0 : 2;
    }
    if (sodium_init() < 0 || curl_global_init(CURL_GLOBAL_DEFAULT))
        return 1;
    struct arena *a _cleanup_(arena_freep) = arena_new();
    int rc = options_read(&o, a, c->flags, args, &help, &e);
    if (rc == 0 && help) {
        usage_of(c);
        return 0;
    }
    if (rc == 0)
        rc = c->run(a, &o, &e);
    if (rc < 0) {
        fprintf(stderr, "hoglet: %s%s%s\n", err_message(&e), e.detail[0] ? ": " : "", e.detail);
        return 1;
    }
    return 0;
}
