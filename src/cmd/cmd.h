/* cmd.h - the commands: each reads its options, wires the parts and ends in order. */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "cmd/options.h"
#include "store/store.h"

typedef int command_fn(struct arena *a, const struct options *o, struct err *e);

command_fn cmd_init, cmd_user_add, cmd_org_add, cmd_project_add, cmd_key_add; /* admin.c */
command_fn cmd_serve, cmd_routes;                                             /* serve.c */
command_fn cmd_hogql_parse, cmd_hogql_print, cmd_hogql_check;                 /* hogql.c */
command_fn cmd_engine;                                                        /* engine.c */
command_fn cmd_demo;                                                          /* demo.c */
command_fn cmd_ask;                                                           /* ask.c */
command_fn cmd_plan;                                                          /* plan.c */
command_fn cmd_dashboards_pull, cmd_dashboards_diff, cmd_dashboards_push;         /* boards.c */
command_fn cmd_picture_png, cmd_picture_pdf;                                  /* picture.c */
command_fn cmd_export_verify;                                                /* export.c */
command_fn cmd_doctor;                                                        /* doctor.c */

/* The change of that name (account.h) in --data, by the server that runs there or at once. */
int admin_change(struct arena *a, const struct options *o, const char *name, struct buf *out,
                 struct err *e);
