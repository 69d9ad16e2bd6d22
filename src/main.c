/* main.c - finds the command, reads its options, runs it. */
#include <curl/curl.h>
#include <sodium.h>
#include <stdio.h>

#include "base/version.h"
#include "cmd/cmd.h"

struct command {
    const char *group, *verb; /* "user", "add"; verb NULL for one-word commands */
    const char *uses;         /* the settings it takes, as in options.h */
    command_fn *run;
    const char *help; /* one line; NULL: not listed */
    const char *more; /* paragraphs, examples */
};

static const struct command commands[] = {
    { "init", NULL, " data! email! password! org project json ", cmd_init,
      "make a data folder with an organization, a project, an owner and a key",
      "The folder is made when it is not there. One that is initialised already stays as it is, and\n"
      "the command fails. What it prints is shown only once: the project's token, which apps send\n"
      "events with, and the owner's personal API key, which may do everything.\n"
      "\n"
      "  hoglet init --data ./data --email you@example.com --password 'a good one' --json\n"
      "\n"
      "A password on the command line is seen by the machine's other users. HOGLET_PASSWORD_FILE\n"
      "names a file that holds it instead." },
    { "serve", NULL,
      " data! listen=127.0.0.1:8000 public-url metrics-listen=127.0.0.1:9464 rate-limits=off allow-private "
      "query-seconds=60 llm-url llm-dialect=openai llm-model llm-key-file llm-ca-file llm-proxy "
      "llm-seconds=120 llm-context=100000 clock "
      "engine-program library engine-memory engine-listen log-format=logfmt debug print-config ",
      cmd_serve, "run the server",
      "Prints one line with the address when it is ready; /_readyz answers 200 from then on and\n"
      "names the part at fault when it does not. SIGTERM lets requests under way end, and exits 0.\n"
      "Events it has acknowledged are on disk: they survive kill -9 and a power cut.\n"
      "\n"
      "  hoglet serve --data ./data --listen 0.0.0.0:8000 --public-url https://hoglet.example.com\n" },
    { "engine", NULL, " data! listen~ library engine-memory ", cmd_engine,
      "run the event data's process alone",
      "`hoglet serve` runs this as its child. Alone, it lets a ClickHouse client work on the events\n"
      "while the server is stopped: on DIR/engine.sock with everything, on --listen for reading\n"
      "only. Neither asks for a password: do not listen where strangers can connect.\n"
      "\n"
      "  hoglet engine --data ./data --listen 127.0.0.1:8123\n"
      "  curl 'http://127.0.0.1:8123/?query=SELECT+count()+FROM+events'\n"
      "\n"
      "The running server offers the same with `hoglet serve --engine-listen HOST:PORT`." },
    { "user", "add", " data! email! password org level=member json ", cmd_user_add, "add a user",
      "The user becomes a member of the organization and gets a personal API key that may do all\n"
      "that the user may. Without a password the user can use the key, but cannot log in.\n"
      "\n"
      "  hoglet user add --data ./data --email ann@example.com --password '…' --level admin\n" },
    { "org", "add", " data! name! json ", cmd_org_add, "add an organization with a project",
      "Prints the organization's id, and the id and token of its first project.\n"
      "\n"
      "  hoglet org add --data ./data --name 'Second company'\n" },
    { "project", "add", " data! name! org json ", cmd_project_add, "add a project",
      "Prints the project's id and the token that apps send events with.\n"
      "\n"
      "  hoglet project add --data ./data --name 'Mobile app'\n" },
    { "key", "add", " data! email! scopes! teams label json ", cmd_key_add,
      "add a personal API key",
      "The key acts for the user, within its scopes: OBJECT:read or OBJECT:write, where write\n"
      "includes read, or \"*\". With --teams it reaches those projects only. The value is shown once.\n"
      "\n"
      "  hoglet key add --data ./data --email ann@example.com --scopes dashboard:read,query:read\n" },
    { "demo", NULL, " data events=200000 people=5000 seed=1 url token json ", cmd_demo,
      "fill a project with the events of a made-up product",
      "Sixty days of Tidepool, a planning tool that does not exist: visits with campaigns, sign-ups,\n"
      "boards and tasks, paid plans, companies, a release after which more visitors sign up, an\n"
      "afternoon when the service was down. They go into the folder's oldest project, by the same\n"
      "door as an app's events, whether its server runs or not. Doing it again adds nothing.\n"
      "\n"
      "  hoglet demo --data ./data\n"
      "  hoglet demo --url http://127.0.0.1:8000 --token phc_… --events 10000 --people 500\n" },
    { "hogql", "parse", " json ", cmd_hogql_parse, "print a query's tree as JSON",
      "Reads the query from standard input. With --json every line is a query of its own, as it is or\n"
      "as a JSON string, and gives one JSON object on a line.\n"
      "\n"
      "  echo 'SELECT event FROM events' | hoglet hogql parse\n" },
    { "hogql", "print", " teams=1 json ", cmd_hogql_print, "print a query as ClickHouse SQL",
      "Reads the query from standard input; the SQL is for the project --teams names.\n"
      "\n"
      "  echo 'SELECT count() FROM events' | hoglet hogql print --teams 1\n" },
    { "hogql", "check", " teams=1 json ", cmd_hogql_check, "say whether a query is valid",
      "Exits 0 when it is. Otherwise the place of the error is shown.\n"
      "\n"
      "  echo 'SELECT evnt FROM events' | hoglet hogql check\n" },
    { "export", "verify", " data! export! allow-private ", cmd_export_verify,
      "compare what an export wrote with what is there",
      "Reads every file of the export's runs back from its destination, and compares its bytes with\n"
      "what was written. Exits 1 when one is missing or another. Works while the server runs and while\n"
      "it does not.\n"
      "\n"
      "  hoglet export verify 0192b3c4-… --data ./data\n" },
    { "doctor", NULL,
      " data! listen=127.0.0.1:8000 engine-program library engine-memory json ", cmd_doctor,
      "look for what keeps a server from running well",
      "One line a check: ok, warn or fail, and what to do. Works while the server runs and while it\n"
      "does not; then the engine is started for a moment, to see whether it answers. Nothing is\n"
      "changed. Exits 1 when a check fails.\n"
      "\n"
      "  hoglet doctor --data ./data\n" },
    { "ask", NULL, " data! question org ", cmd_ask, "ask the assistant a question",
      "The answer comes as it grows, with its charts. The oldest project is asked, by its server, or by\n"
      "one of the command's own when none runs. Without a question, one is read from each line, and\n"
      "each leans on those before.\n"
      "\n"
      "  hoglet ask --data ./data 'how many sign-ups last week, by browser?'\n" },
    { "plan", NULL, " ", cmd_plan, NULL,
      "What the built-in planner makes of questions: one JSON object a line, the first the taxonomy.\n" },
    { "dashboards", "pull", " dir! url! key! project force ", cmd_dashboards_pull,
      "write a server's dashboards and insights into files",
      "DIR/dashboards and DIR/insights get a JSON file for each; // comments in them stay. Files that\n"
      "were changed and not pushed are kept, and named. --project is an id; the key's when not given.\n"
      "\n"
      "  export HOGLET_KEY=phx_…\n"
      "  hoglet dashboards pull boards --url http://127.0.0.1:8000\n" },
    { "dashboards", "diff", " dir! url! key! project force ", cmd_dashboards_diff,
      "show what a push would do",
      "~ is changed, + made, - removed; ? is left alone; ! changed on both sides since the last pull.\n"
      "\n"
      "  hoglet dashboards diff boards --url http://127.0.0.1:8000\n" },
    { "dashboards", "push", " dir! url! key! project force yes ", cmd_dashboards_push,
      "make a server's dashboards and insights like the files",
      "Shows the plan; with --yes it is carried out. A file without an id makes a new one and gets its\n"
      "id. A tile's insight is an id, or the name of a file in DIR/insights that is new. What has no\n"
      "file stays as it is. Nothing is changed when a file is in conflict.\n"
      "\n"
      "  hoglet dashboards push boards --url http://127.0.0.1:8000 --yes\n" },
    { "picture", "png", " ", cmd_picture_png, NULL, "SVG from standard input, PNG to standard output.\n" },
    { "picture", "pdf", " ", cmd_picture_pdf, NULL, "SVG from standard input, PDF to standard output.\n" },
    { "routes", NULL, " ", cmd_routes, NULL, "Prints the route table as JSON.\n" },
};

static void usage(FILE *to)
{
    fprintf(to, "usage: hoglet COMMAND [--flag value]…\n\n");
    for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
        char name[32];
        snprintf(name, sizeof(name), "%s%s%s", commands[i].group, commands[i].verb ? " " : "",
                 commands[i].verb ? commands[i].verb : "");
        if (commands[i].help)
            fprintf(to, "  %-12s %s\n", name, commands[i].help);
    }
    fprintf(to, "\nhoglet COMMAND --help tells the flags of one, hoglet --version the version.\n");
}

static void usage_of(const struct command *c)
{
    printf("usage: hoglet %s%s%s", c->group, c->verb ? " " : "", c->verb ? c->verb : "");
    options_usage(c->uses, stdout);
    printf("\n%s%s%s\n", c->help ? c->help : "", c->help ? ":\n\n" : "", c->more);
    options_describe(c->uses, stdout);
    printf("\nEach flag is also an environment variable (--log-format is HOGLET_LOG_FORMAT) and a line\n"
           "of DIR/hoglet.conf (log-format = json). A flag wins over the environment, that over the\n"
           "file.\n");
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

/* What stands in place of a command. */
static int no_command(const char *word)
{
    bool asked = word && (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0);
    if (word && strcmp(word, "--version") == 0) {
        printf("hoglet %s\n", HOGLET_VERSION);
        return 0;
    }
    if (word && !asked)
        fprintf(stderr, "hoglet: there is no command %s\n", word);
    usage(asked ? stdout : stderr);
    return asked ? 0 : 2;
}

static void complain(const struct err *e)
{
    fprintf(stderr, "hoglet: %s%s%s\n", err_message(e), e->detail[0] ? ": " : "", e->detail);
}

int main(int argc, char **argv)
{
    struct options o = { 0 };
    struct err e = ERR_INIT;
    bool help = false;
    char **args = argv + (argc > 0);
    const struct command *c = find_command(&args);
    if (!c)
        return no_command(*args);
    if (sodium_init() < 0 || curl_global_init(CURL_GLOBAL_DEFAULT))
        return 1;
    struct arena *a _cleanup_(arena_freep) = arena_new();
    if (options_read(&o, a, c->uses, args, &help, &e) < 0) {
        complain(&e);
        return 2;
    }
    if (help) {
        usage_of(c);
        return 0;
    }
    if (o.print_config) {
        options_print(&o, c->uses, stdout);
        return 0;
    }
    if (c->run(a, &o, &e) < 0) {
        complain(&e);
        return e.kind == ERR_REQUIRED ? 2 : 1;
    }
    return 0;
}
