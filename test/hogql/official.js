// The official HogQL parser (npm, WebAssembly), and its trees and ours in one shape, so that they can be compared.
//
// What one of them drops while it parses is left out on both sides: USING KEY, NULLS FIRST, the percent sign of SAMPLE. CASE with an operand is a call of its own there and transform() here.
"use strict";
const createParser = require("@posthog/hogql-parser");

// ---------------------------------------------------------------------------- the parser

// Some queries make it trap; then it needs a fresh instance.
async function officialParser() {
  let parser = await createParser();
  return async (query) => {
    let text;
    try {
      text = parser.parseSelect(query, true);
    } catch (e) {
      if (!(e instanceof WebAssembly.RuntimeError)) throw e;
      parser = await createParser();
      return { error: `trap: ${e.message}` };
    }
    const tree = parse(text);
    return tree.error === true ? { error: tree.message } : { tree: official(tree) };
  };
}

// Numbers of constants as their text: 1 and 1.0 differ, and some pass what a double holds.
const parse = (text) => JSON.parse(text.replace(/"value":(-?[0-9][-+.0-9eE]*)/g, '"value":{"number":"$1"}'));

const number = (text) => (/^-?\d+$/.test(text) ? { int: String(BigInt(text)) } : { float: String(Number(text)) });

// ---------------------------------------------------------------------------- theirs

const dropped = new Set(["using_key", "value_type"]);

function official(n) {
  if (Array.isArray(n)) return n.map(official);
  if (n === null || typeof n !== "object") return n;
  if (n.node === "Constant") return { node: "Constant", value: constant(n) };
  if (n.node === "Call" && n.name === "_caseWithExpression") return transform(n.args.map(official));
  const out = {};
  for (const [key, value] of Object.entries(n))
    if (value !== null && value !== false && !dropped.has(key)) out[key] = joinWords(official(value), key);
  // parentheses around the one table that is pivoted
  if (/^(Unp|P)ivotExpr$/.test(n.node) && out.table.node === "JoinExpr" && Object.keys(out.table).length === 2) out.table = out.table.table;
  return out;
}

// OUTER says nothing, and INNER nothing beside a strictness or before ARRAY JOIN.
function joinWords(value, key = "join_type") {
  if (key !== "join_type" && key !== "array_join_op") return value;
  const words = value.split(" ").filter((w) => w !== "OUTER");
  return words.filter((w) => w !== "INNER" || words.length === 2).join(" ");
}

function constant(n) {
  if (n.value_type === "number") return /^-?\d/.test(n.value) ? { int: n.value } : { float: n.value };
  return n.value !== null && typeof n.value === "object" ? number(n.value.number) : n.value;
}

function transform(args) {
  const whens = [], thens = [];
  for (let i = 1; i + 1 < args.length; i += 2) {
    whens.push(args[i]);
    thens.push(args[i + 1]);
  }
  const list = (exprs) => ({ node: "Array", exprs });
  return { node: "Call", name: "transform", args: [args[0], list(whens), list(thens), args[args.length - 1]] };
}

// ---------------------------------------------------------------------------- ours

const has = (n, flag) => (n.flags || []).includes(flag);
const many = (list) => (list ? (list.parts || []).map(map) : undefined);
const text = (n) => n.text ?? "";
const field = (chain) => ({ node: "Field", chain });
const parts = (n) => n.parts || [];

// Leaves out what is not there, as official() does.
function node(name, members) {
  const out = { node: name };
  for (const [key, value] of Object.entries(members))
    if (value !== undefined && value !== null && value !== false) out[key] = value;
  return out;
}

function map(n) {
  if (!n) return undefined;
  const make = kinds[n.kind];
  if (!make) throw new Error(`no mapping for ${n.kind}`);
  return make(n);
}

const kinds = {
  CONSTANT: (n) => ({ node: "Constant", value: ourConstant(n) }),
  FIELD: (n) => field(n.names),
  STAR: star,
  COLUMNS: (n) => node("ColumnsExpr", n.parts ? { columns: many(n) } : { regex: text(n) }),
  CALL: call,
  CALL_EXPR: (n) => node("ExprCall", { expr: map(n.parts[0]), args: n.parts.slice(1).map(map) }),
  AND: (n) => node("And", { exprs: many(n) }),
  OR: (n) => node("Or", { exprs: many(n) }),
  NOT: (n) => node("Not", { expr: map(n.parts[0]) }),
  ARITHMETIC: (n) => node("ArithmeticOperation", { op: n.op, left: map(n.parts[0]), right: map(n.parts[1]) }),
  COMPARE: compare,
  BETWEEN: (n) => node("BetweenExpr", { expr: map(n.parts[0]), low: map(n.parts[1]), high: map(n.parts[2]), negated: has(n, "NEGATED") }),
  ARRAY: (n) => node("Array", { exprs: many(n) }),
  TUPLE: (n) => node("Tuple", { exprs: many(n) }),
  DICT: (n) => ({ node: "Dict", items: parts(n).flatMap((k, i) => (i % 2 ? [] : [[map(k), map(n.parts[i + 1])]])) }),
  ACCESS: (n) => node("ArrayAccess", { array: map(n.parts[0]), property: map(n.parts[1]), nullish: has(n, "NULLISH") }),
  TUPLE_ACCESS: (n) => node("TupleAccess", { tuple: map(n.parts[0]), index: n.place, nullish: has(n, "NULLISH") }),
  SLICE: (n) => node("ArraySlice", { array: map(n.parts[0]), start_expr: map(n.parts[1]), end_expr: map(n.parts[2]) }),
  LAMBDA: (n) => node("Lambda", { args: n.names || [], expr: map(n.parts[0]) }),
  CAST: (n) => node(has(n, "TRY") ? "TryCast" : "TypeCast", { expr: map(n.parts[0]), type_name: text(n) }),
  ALIAS: (n) => node("Alias", { alias: text(n), expr: map(n.parts[0]) }),
  NAMED: (n) => node("NamedArgument", { name: text(n), value: map(n.parts[0]) }),
  SPREAD: (n) => node("SpreadExpr", { expr: map(n.parts[0]) }),
  POSITION: (n) => node("PositionalRef", { index: n.place }),
  PLACEHOLDER: (n) => node("Placeholder", { expr: map(n.parts[0]) }),
  TAG: (n) => node("HogQLXTag", { kind: text(n), attributes: parts(n).map(attribute) }),
  SELECT: select,
  SET: set,
  CTE: cte,
  VALUES: (n) => node("ValuesQuery", { rows: parts(n).map(many) }),
  PIVOT: pivot,
  SAMPLE: (n) => node("SampleExpr", { sample_value: ratio(n.parts[0]), offset_value: ratio(n.parts[1]) }),
  ORDER: order,
};

function ourConstant(n) {
  if (n.op !== "INT" && n.op !== "FLOAT") return n.value;
  return n.op === "INT" ? { int: n.value.number ?? n.value } : { float: String(Number(n.value.number ?? n.value)) };
}

function star(n) {
  const [exclude, replace] = n.parts;
  if (!exclude && !replace) return field([...(n.names || []), "*"]);
  return node("ColumnsExpr", { all_columns: true, exclude: exclude && exclude.parts.map((f) => f.names[0]),
    replace: replace && Object.fromEntries(replace.parts.map((a) => [text(a), map(a.parts[0])])) });
}

function call(n) {
  const [params, args, orderBy, within, filter, window] = n.parts;
  if (!window)
    return node("Call", { name: text(n), params: many(within ? args : params), args: within ? [] : many(args), order_by: many(orderBy), within_group: many(within),
      filter_expr: map(filter), distinct: has(n, "DISTINCT") });
  // f(p)(a) OVER: p are the parameters; over them stand exprs
  return node("WindowFunction", { name: text(n), exprs: many(params || args), args: params ? many(args) : [],
    over_identifier: has(window, "SUBQUERY") ? undefined : text(window), over_expr: has(window, "SUBQUERY") ? windowBody(window) : undefined });
}

function windowBody(n) {
  const [partition, orderBy, from, to] = n.parts;
  return node("WindowExpr", { partition_by: many(partition), order_by: many(orderBy), frame_method: n.names && n.names[0],
    frame_start: bound(from), frame_end: bound(to) });
}

function bound(n) {
  if (!n) return undefined;
  const type = { c: "CURRENT ROW", p: "PRECEDING", f: "FOLLOWING" }[n.op];
  const value = n.parts && n.parts[0];
  const small = value && value.kind === "CONSTANT" && value.op === "INT" && value.value.number !== undefined;
  return node("WindowFrameExpr", { frame_type: type, frame_value: small ? Number(value.value.number) : map(value) });
}

function compare(n) {
  const [left, right] = n.parts.map(map);
  if (n.op.endsWith("DISTINCT FROM")) return node("IsDistinctFrom", { left, right, negated: n.op === "IS NOT DISTINCT FROM" });
  const op = { "=": "==", "IS NULL": "==", "IS NOT NULL": "!=" }[n.op] || n.op.toLowerCase();
  return node("CompareOperation", { op, left, right, is_null_comparison_style: n.op.startsWith("IS ") });
}

function attribute(n) {
  const value = n.parts[0];
  // what stands between the tags, not an attribute that was written children={[…]}
  const between = text(n) === "children" && value.kind === "ARRAY" && value.start === 0 && value.end === 0;
  return { node: "HogQLXAttribute", name: text(n), value: between ? many(value) : map(value) };
}

function order(n) {
  const [expr, from, to, step] = n.parts;
  return node("OrderExpr", { expr: map(expr), order: has(n, "DESC") ? "DESC" : "ASC",
    with_fill: has(n, "FILL") ? node("WithFillExpr", { from_value: map(from), to_value: map(to), step_value: map(step) }) : undefined });
}

function ratio(n) {
  if (!n) return undefined;
  if (n.kind === "PLACEHOLDER") return map(n);
  const [left, right] = n.kind === "ARITHMETIC" ? n.parts : [n];
  return node("RatioExpr", { left: map(left), right: map(right) });
}

function select(n) {
  const [ctes, columns, from, arrays, prewhere, where, group, having, qualify, windows, orderBy, interpolate, by, byN, byOffset, limit, offset] = n.parts;
  return node("SelectQuery", { ctes: withClause(ctes, n), distinct: has(n, "DISTINCT"), select: many(columns), select_from: joins(from),
    array_join_op: n.op && joinWords(n.op), array_join_list: many(arrays), prewhere: map(prewhere), where: map(where), ...grouping(group), having: map(having),
    qualify: map(qualify), window_exprs: windows && Object.fromEntries(windows.parts.map((w) => [text(w), windowBody(w)])),
    order_by: many(orderBy), interpolate: interpolate && parts(interpolate).map(interpolated),
    limit_by: by && node("LimitByExpr", { n: map(byN), offset_value: map(byOffset), exprs: many(by) }), ...limits(n, limit, offset) });
}

const limits = (n, limit, offset) => ({ limit: map(limit), offset: map(offset), limit_with_ties: has(n, "WITH TIES"), limit_percent: has(n, "PERCENT") });

const interpolated = (n) => node("InterpolateExpr", n.kind === "ALIAS" ? { expr: field([text(n)]), value: map(n.parts[0]) } : { expr: map(n) });

function grouping(n) {
  if (!n) return {};
  const mode = { ALL: "all", CUBE: "cube", ROLLUP: "rollup", SETS: "grouping_sets" }[n.op];
  const sets = () => parts(n).map((s) => node("GroupingSet", { exprs: many(s) }));
  return { group_by_mode: mode, group_by: n.op === "ALL" ? undefined : n.op === "SETS" ? sets() : many(n) };
}

// [[first join, …], …] as a chain; a join in parentheses is spliced in.
function joins(list) {
  const flat = [];
  const add = (join, op, on) => {
    const [source, args, , sample] = join.parts;
    if (source.kind === "LIST") {
      source.parts.forEach((j, i) => (i ? add(j, j.names[0], j.parts[2]) : add(j, op, on)));
      return;
    }
    flat.push({ node: "JoinExpr", join_type: op ? joinWords(op) : undefined, alias: join.text, column_aliases: join.names.length > 1 ? join.names.slice(1) : undefined,
      table: map(source), table_args: many(args), table_final: has(join, "FINAL"),
      sample: map(sample), constraint: constraint(on) });
  };
  if (!list) return undefined;
  list.parts.forEach((j) => add(j, j.names[0], j.parts[2]));
  return flat.reduceRight((next, join) => node("JoinExpr", { ...join, next_join: next }), undefined);
}

function constraint(on) {
  if (!on) return undefined;
  const using = on.kind === "LIST";
  const names = using ? on.parts.map(map) : [];
  const expr = !using ? map(on) : names.length === 1 ? names[0] : node("Tuple", { exprs: names });
  return node("JoinConstraint", { constraint_type: using ? "USING" : "ON", expr });
}

function pivot(n) {
  const [source, values, columns, group] = n.parts;
  const table = source.kind === "JOIN" ? joins({ parts: [source] }) : map(source);
  const plain = table && table.node === "JoinExpr" && Object.keys(table).length === 2 ? table.table : table;
  if (has(n, "UNPIVOT"))
    return node("UnpivotExpr", { table: plain, include_nulls: has(n, "INCLUDE NULLS"), columns: columns.parts.map((c) => node("UnpivotColumn",
      { value_columns: map(values.parts[0]), name_columns: map(c.parts[0]), unpivot_values: many(c.parts[1]) })) });
  return node("PivotExpr", { table: plain, aggregates: many(values), group_by: many(group),
    columns: columns.parts.map((c) => node("PivotColumn", { column: map(c.parts[0]), values: many(c.parts[1]) })) });
}

function withClause(ctes, n) {
  if (!ctes) return undefined;
  return ctes.parts.map((c) => ({ ...map(c), ...(has(n, "RECURSIVE") ? { recursive: true } : {}) }));
}

function cte(n) {
  const sub = has(n, "SUBQUERY");
  return node("CTE", { name: text(n), cte_type: sub ? "subquery" : "column", expr: map(n.parts[0]), columns: n.names,
    materialized: has(n, "MATERIALIZED") || undefined });
}

function set(n) {
  const [ctes, orderBy, limit, offset, first, ...rest] = n.parts;
  let initial = map(first);
  // WITH before parentheses belongs to the first SELECT within
  if (ctes) {
    let at = initial;
    while (at.node === "SelectSetQuery") at = at.initial_select_query;
    at.ctes = [...(at.ctes || []), ...withClause(ctes, n)];
  }
  const own = node("SelectSetQuery", { order_by: many(orderBy), ...limits(n, limit, offset) });
  if (!rest.length) return { ...initial, ...own, node: initial.node };
  return node("SelectSetQuery", { ...own, initial_select_query: initial,
    subsequent_select_queries: rest.map((q, i) => ({ node: "SelectSetNode", set_operator: n.names[i + 1], select_query: map(q) })) });
}

module.exports = { officialParser, canonical: official, ourTree: (text) => map(parse(text).tree) };
