// Random queries: one function a production of the grammar, and mutations of what they give. The same seed gives the same queries.
// A query is a list of tokens until it is written out, so that tokens can be lost, doubled, swapped and replaced.
"use strict";

function generator(seed) {
  let state = (seed * 2654435761 + 1) >>> 0;
  // xorshift: the low bits of a congruential generator repeat too soon for "one in n"
  const random = (n) => {
    state ^= state << 13;
    state >>>= 0;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state % n;
  };
  const pick = (list) => list[random(list.length)];
  const chance = (percent) => random(100) < percent;
  const maybe = (percent, make) => (chance(percent) ? make() : []);
  const run = (list) => pick(list)();
  const commas = (make, least = 1, most = 3, trailing = 0) => {
    const n = least + random(most - least + 1), out = [];
    for (let i = 0; i < n; i++) out.push(...(i ? [","] : []), make());
    return n && chance(trailing) ? [...out, ","] : out;
  };
  let depth = 0;
  // One of the flat forms when the query is deep enough.
  const deep = (flat, nested) => {
    if (depth >= 4 || chance(35)) return run(flat);
    depth++;
    const out = run(nested);
    depth--;
    return out;
  };

  // -------------------------------------------------------------------------- names and literals

  const plain = ["a", "b", "c", "event", "events", "timestamp", "properties", "person", "x1", "_u", "$current_url", "persons", "Foo"];
  const quoted = ['"a b"', "`c d`", '"q""q"', '"r\\"r"', "`t``t`", '"select"', '"team_id"', "`e\\\\`", "`f\\nf`"];
  const oddQuoted = ["`t\\`t`", '"u\\`u"', "`v\\'v`", '"w\\q"'];
  const name = () => (chance(10) ? pick(chance(2) ? oddQuoted : quoted) : chance(keywordsAsNames) ? pick(keywords) : pick(plain));
  let keywordsAsNames = 0;
  const strings = ["'x'", "''", "'it''s'", "'a\\'b'", "'\\n\\t\\0\\\\'", "'\\x41'", "'é 日本 😀'", "'-- no comment'", "'{a}'", "'2020-01-01'", "'5'"];
  const oddStrings = ["'a\\q'", "'a\\\"b'", "'a\\`b'", "'\\x4'"];
  const string = () => pick(chance(1) ? oddStrings : strings);
  const numbers = ["0", "1", "2", "10", "017", "1.", ".5", "1.5", "1e3", "1.5e-3", "2E+2", "0x1F", "0x1.8p3", "0b101", "inf", "nan", "Infinity",
    "9223372036854775807", "9223372036854775808", "123456789012345678901234567890", "1e400"];
  const oddNumbers = ["0b22", "0x", "1_000", "1a", "0o17", "08", "1e", "1..2", "0b", "1.e5", "0x1p", "1.5.2"];
  const numeral = () => (chance(2) ? pick(oddNumbers) : pick(numbers));
  const integer = () => pick(["1", "2", "3", "10", "0"]);
  const literal = () => run([string, numeral, numeral, () => pick(["null", "true", "false", "NULL", "True"])]);

  // -------------------------------------------------------------------------- expressions

  const field = () => [name(), ...maybe(35, () => [".", name(), ...maybe(30, () => [".", name()])])];
  const flat = [field, field, field, literal, literal, () => ["*"], () => ["#", integer()].join(""), () => [name(), ".", "*"]];
  const expr = () => deep(flat, [
    unary, binary, binary, binary, compare, compare, word, isForm, between, not, logic, logic, ternary, tuple, tuple, array, dict, placeholder, template,
    caseForm, caseForm, cast, interval, call, call, call, call, subquery, postfix, postfix, postfix, lambda, starForm, columnsForm, trim, tag, parens, parens, parens, () => (chance(15) ? unsupported() : parens()),
  ]);
  const parens = () => ["(", expr(), ")"];
  const unary = () => ["-", expr()];
  const binary = () => [expr(), pick(["+", "-", "*", "/", "%", "||", "??", "<=>"]), expr()];
  const compare = () => [expr(), pick(["=", "==", "!=", "<>", "<", "<=", ">", ">=", "~", "=~", "!~", "~*", "=~*", "!~*"]), expr()];
  const word = () => [expr(), maybe(40, () => ["not"]), run([() => ["in"], () => ["like"], () => ["ilike"], () => ["in", "cohort"]]), expr()].flat();
  const isForm = () => [expr(), "is", ...maybe(40, () => ["not"]), ...run([() => ["null"], () => ["distinct", "from", expr()]])];
  const between = () => [expr(), ...maybe(40, () => ["not"]), "between", expr(), "and", expr()];
  const not = () => ["not", expr()];
  const logic = () => {
    const op = pick(["and", "or"]);
    return [expr(), op, expr(), ...maybe(50, () => [pick(["and", "or"]), expr()])];
  };
  const ternary = () => [expr(), "?", expr(), ":", expr()];
  const tuple = () => ["(", ...run([() => [expr(), ","], () => commas(aliased, 2, 3, 15)]), ")"];
  const array = () => [...maybe(25, () => ["ARRAY"]), "[", ...commas(expr, 0, 3, 10), "]"];
  const dict = () => ["{", ...commas(() => [expr(), ":", expr()], 0, 2, 10), "}"];
  const placeholder = () => ["{", ...run([field, expr]), "}"];
  const template = () => ["f'" + templateText() + write(["{", expr(), "}"]) + templateText() + "'"];
  const templateText = () => pick(["", "text ", "\\{", "it''s", "\\n", chance(10) ? "\\}" : "", "é", "}"]);
  const caseForm = () => ["case", ...maybe(40, () => [expr()]), ...whens(), ...maybe(60, () => ["else", expr()]), "end"];
  const whens = () => ["when", expr(), "then", expr(), ...maybe(40, whens)];
  const type = () => run([() => ["Int"], () => ["String"], () => ["decimal", "(", "10", ",", "2", ")"], () => ["Nullable", "(", "String", ")"],
    () => ["array", "(", "tuple", "(", "int", ",", "DateTime64", "(", "3", ",", "'UTC'", ")", ")", ")"], () => (chance(10) ? ["Enum8", "(", "'a'", "=", "1", ")"] : ["UUID"]),
    () => ["tuple", "(", "a", "int", ",", "b", "String", ")"], () => ["varchar", "(", ")"]]);
  const cast = () => run([() => ["cast", "(", expr(), "as", ...type(), ")"], () => ["try_cast", "(", expr(), "as", ...type(), ")"],
    () => [expr(), "::", pick(["int", "String", "float", "date"])],
    () => [expr(), "::", "timestamp", "with", ...maybe(50, () => ["local"]), "time", "zone"]]);
  const units = ["second", "minute", "hour", "day", "week", "month", "quarter", "year", "DAY"];
  const interval = () => ["interval", ...run([() => [expr(), pick(units)], () => [pick(chance(10) ? ["'1 Day'", "'x day'", "'-1 day'", "'1'", "'2  days'", "'+1 day'"] : ["'1 day'", "'3 weeks'", "'0 months'"])],
    () => [expr(), chance(10) ? pick(["days", "decade"]) : pick(units)], () => [integer(), pick(units)]])];
  const argument = () => run([expr, expr, expr, expr, aliased, () => [name(), ":=", expr()], () => ["*", "columns", "(", "'x'", ")"], lambda]);
  const args = () => ["(", ...maybe(15, () => ["distinct"]), ...commas(argument, 0, 3, 8), ...maybe(6, () => ["order", "by", ...orderList()]), ")"];
  const callee = () => (chance(70) ? pick(["count", "sum", "f", "quantile", "toDate", "if", "left", "any", "now", "date", "replace"]) : name());
  const call = () => [callee(), ...maybe(12, () => ["(", ...commas(expr, 0, 2), ")"]), ...args(),
    ...maybe(2, () => ["within", "group", "(", "order", "by", ...orderList(), ")"]), ...maybe(4, () => ["ignore", "nulls"]),
    ...maybe(6, () => ["filter", "(", "where", expr(), ")"]), ...maybe(12, over)];
  const over = () => ["over", ...run([() => [name()], () => ["(", ...windowBody(), ")"]])];
  const windowBody = () => [...maybe(50, () => ["partition", "by", ...commas(expr)]), ...maybe(50, () => ["order", "by", ...orderList()]), ...maybe(40, frame)];
  const frame = () => [pick(["rows", "range"]), ...run([bound, () => ["between", ...bound(), "and", ...bound()]])];
  const bound = () => run([() => ["current", "row"], () => ["unbounded", pick(["preceding", "following"])], () => [integer(), pick(["preceding", "following"])],
    () => [expr(), pick(["preceding", "following"])]]);
  const subquery = () => run([() => ["(", ...setStatement(), ")"], () => [pick(["exists", "any", "f"]), "(", ...setStatement(), ")"], () => [expr(), "in", "(", ...setStatement(), ")"]]);
  const postfix = () => [expr(), ...run([() => [".", name()], () => [".", integer()], () => ["[", expr(), "]"], () => ["[", ...maybe(70, () => [expr()]), ":", ...maybe(70, () => [expr()]), "]"],
    () => ["?.", name()], () => ["?.", integer()], () => ["?.", "[", expr(), "]"], args])];
  const lambda = () => run([() => [name(), "->", expr()], () => ["(", ...commas(name, 0, 3), ")", "->", expr()], () => ["lambda", ...commas(name, 0, 2), ":", expr()],
    () => [name(), "->", "{", ...run([() => [expr()], () => (chance(10) ? ["return", expr(), ...maybe(50, () => [";"])] : [expr()])]), "}"]]);
  const starForm = () => run([() => [...maybe(30, () => [name(), "."]), "*", "exclude", "(", ...commas(name, 1, 3), ")"],
    () => ["(", "*", "replace", "(", ...commas(() => [expr(), "as", name()], 1, 2), ")", ")"],
    () => ["(", "*", "exclude", "(", ...commas(name), ")", "replace", "(", expr(), "as", name(), ")", ")"], () => (chance(10) ? ["*", pick(["except", "replace"]), "(", name(), ")"] : ["*"])]);
  const columnsForm = () => ["columns", "(", ...run([() => [string()], () => commas(expr), () => ["*", "exclude", "(", name(), ")"]]), ")"];
  const trim = () => ["trim", "(", pick(["both", "leading", "trailing"]), ...(chance(4) ? [expr()] : [string()]), "from", expr(), ")"];
  const unsupported = () => run([() => ["date", string()], () => ["timestamp", string()], () => ["substring", "(", expr(), "from", expr(), ...maybe(50, () => ["for", expr()]), ")"],
    () => ["extract", "(", "day", "from", expr(), ")"], () => [expr(), "similar", "to", expr()], () => [expr(), "is", "true"], () => [expr(), pick(["**", "&&", "div", "^", "mod"]), expr()]]);
  const tagName = () => pick(["Sparkline", "a", "TrendsQuery", "b1", "select"]);
  const tag = () => {
    const kind = tagName(), attributes = commas(attribute, 0, 2).filter((t) => t !== ",");
    const open = write(["<" + kind, ...attributes]);
    if (chance(50)) return [open + pick(["/>", " />", "/>", chance(10) ? " / >" : "/>"])];
    const kids = Array.from({ length: random(3) }, () => run([() => pick([" text ", "é", "it's", "a > b", "// no", "&", "'"]), () => write(["{", expr(), "}"]), () => write(tag())]));
    return [open + ">" + kids.join("") + "</" + (chance(4) ? tagName() : kind) + ">"];
  };
  const attribute = () => [pick(["data", "x", "class", "from"]), ...maybe(80, () => ["=", ...run([() => [string()], () => ["{", expr(), "}"], () => [chance(5) ? '"d q"' : "{1}"]])])];

  // -------------------------------------------------------------------------- SELECT

  const implicit = ["asc", "ascending", "cohort", "date", "desc", "descending", "final", "id", "return", "top", "totals"];
  const aliased = () => [expr(), ...maybe(15, () => ["as", ...run([() => [name()], () => [name()], () => [name()], () => [chance(10) ? pick(["true", "null", "team_id", "FALSE"]) : string()]])])];
  const column = () => run([expr, expr, expr, aliased, aliased, () => [name(), ":", expr()], () => [expr(), chance(60) ? name() : pick(implicit)]]);
  const order = () => [expr(), ...maybe(40, () => [pick(["asc", "desc", "ascending", "descending"])]), ...maybe(10, () => ["nulls", pick(["first", "last"])]),
    ...maybe(5, () => ["collate", string()]), ...maybe(5, () => ["with", "fill", ...maybe(60, () => ["from", expr()]), ...maybe(60, () => ["to", expr()]), ...maybe(60, () => ["step", expr()])])];
  const orderList = () => commas(order, 1, 2, 2);
  const orderBy = () => ["order", "by", ...orderList(), ...maybe(3, () => ["interpolate", ...maybe(50, () => ["(", ...commas(() => [name(), ...maybe(50, () => ["as", expr()])], 1, 2), ")"])])];
  const grouping = () => ["group", "by", ...run([() => commas(expr, 1, 3, 10), () => commas(expr, 1, 3), () => ["all"], () => [pick(["cube", "rollup"]), "(", ...commas(expr), ")"],
    () => ["grouping", "sets", "(", ...commas(() => ["(", ...commas(expr, 0, 2), ")"]), ")"]]), ...groupSuffix()];
  const groupSuffix = () => [...maybe(8, () => ["with", pick(["cube", "rollup"])]), ...maybe(8, () => ["with", "totals"])];
  const limitBy = () => ["limit", expr(), ...maybe(40, () => [pick(["offset", ","]), expr()]), "by", ...commas(expr, 1, 2)];
  const limitPart = () => run([
    () => ["limit", expr(), ...maybe(15, () => ["%"]), ...maybe(15, () => [",", expr()]), ...maybe(15, () => ["with", "ties"]), ...maybe(25, () => ["offset", expr()])],
    () => ["limit", integer()], () => ["offset", expr(), ...maybe(40, () => ["limit", expr()])]]);
  const cte = () => run([
    () => [name(), ...maybe(25, () => ["(", ...commas(name), ")"]), ...maybe(5, () => ["using", "key", "(", ...commas(name), ")"]), "as",
      ...maybe(20, () => [...maybe(50, () => ["not"]), "materialized"]), "(", ...setStatement(), ")"],
    () => [expr(), "as", name()], () => [lambda(), "as", name()]]);
  const withPart = () => ["with", ...maybe(15, () => ["recursive"]), ...commas(cte, 1, 2, 6)];
  const selectBody = () => ["select", ...maybe(10, () => ["distinct"]), ...maybe(2, () => ["top", integer(), ...maybe(50, () => ["with", "ties"])]), ...commas(column, 1, 3, 5),
    ...maybe(75, () => ["from", ...join()]), ...maybe(8, () => [...maybe(40, () => [pick(["left", "inner"])]), "array", "join", ...commas(() => [expr(), "as", name()], 1, 2)]),
    ...maybe(1, () => ["array", "join", ...commas(column, 1, 2)]), ...maybe(5, () => ["prewhere", expr()]), ...maybe(35, () => ["where", expr()]), ...maybe(2, () => ["using", "sample", "0.1"]),
    ...maybe(15, grouping), ...maybe(2, groupSuffix), ...maybe(8, () => ["having", expr()]), ...maybe(5, () => ["qualify", expr()]),
    ...maybe(6, () => ["window", ...commas(() => [name(), "as", "(", ...windowBody(), ")"], 1, 2)]), ...maybe(15, orderBy), ...maybe(8, limitBy), ...maybe(20, limitPart),
    ...maybe(3, limitPart), ...maybe(2, () => ["settings", name(), "=", literal()])];
  const select = () => [...maybe(12, withPart), ...selectBody()];
  const setOperator = () => [...run([() => ["union", ...maybe(80, () => [pick(["all", "distinct"])])], () => ["intersect", ...maybe(40, () => [pick(["all", "distinct"])])],
    () => ["except", ...maybe(30, () => [pick(["all", "distinct"])])]]), ...maybe(8, () => ["by", "name"])];
  const operand = () => (depth >= 4 ? ["select", ...commas(column, 1, 2)]
    : run([select, select, select, select, () => [...maybe(15, withPart), "(", ...setStatement(), ")"], placeholder]));
  const setStatement = () => {
    if (depth >= 4) return ["select", literal()];
    depth++;
    const out = [...operand(), ...maybe(15, () => [...setOperator(), ...operand(), ...maybe(30, () => [...setOperator(), ...operand()])]), ...maybe(8, orderBy), ...maybe(8, limitPart)];
    depth--;
    return out;
  };

  // -------------------------------------------------------------------------- FROM

  const strictness = () => pick(["all", "any", "asof", "semi", "anti"]);
  const joinOp = () => run([() => ["join"], () => ["inner", "join"], () => ["left", "join"],
    () => [...maybe(10, () => ["natural"]), ...maybe(25, () => [strictness()]), ...maybe(60, () => [pick(["inner", "left", "right", "full"]), ...maybe(30, () => ["outer"])]), ...maybe(25, () => [strictness()]), "join"],
    () => ["cross", "join"], () => ["positional", "join"], () => ["outer", "join"]]);
  const constraint = () => run([() => ["on", expr()], () => ["on", expr()], () => ["using", "(", ...commas(name), ")"], () => ["using", ...commas(name)], () => []]);
  const join = () => [...source(), ...maybe(30, () => run([() => [...joinOp(), ...source(), ...constraint()], () => [",", ...source()],
    () => [...joinOp(), ...source(), ...constraint(), ...joinOp(), ...source(), ...constraint()]]))];
  const ratio = () => run([() => [pick(["0.1", "1", ".5"])], () => ["1", "/", "10"], () => placeholder()]);
  const sample = () => ["sample", ...ratio(), ...maybe(15, () => ["%"]), ...maybe(30, () => ["offset", ...ratio()])];
  const tableAlias = () => [...maybe(60, () => ["as"]), chance(85) ? name() : pick(["first", "key", "day", "desc", ...implicit]), ...maybe(10, () => ["(", ...commas(name), ")"])];
  const source = () => [...table(), ...maybe(35, tableAlias), ...maybe(4, () => ["final"]), ...maybe(8, sample), ...maybe(3, pivot)];
  const table = () => {
    if (depth >= 3) return [name()];
    depth++;
    const out = run([() => [name()], () => [name()], () => [name()], () => [name(), ".", name()], () => [name(), "(", ...commas(expr, 0, 2), ")"], () => ["(", ...setStatement(), ")"],
      () => ["(", ...setStatement(), ")"], () => ["(", "values", ...commas(() => ["(", ...commas(expr, 1, 2), ")"], 1, 2), ")"], () => ["(", ...join(), ")"], placeholder, tag]);
    depth--;
    return out;
  };
  const pivot = () => run([
    () => ["pivot", "(", ...commas(() => [call(), ...maybe(30, () => ["as", name()])], 1, 2), "for", ...pivotColumn(), ...maybe(20, pivotColumn), ...maybe(20, () => ["group", "by", ...commas(expr)]), ")"],
    () => ["unpivot", ...maybe(30, () => [pick(["include", "exclude"]), "nulls"]), "(", name(), "for", name(), "in", "(", ...commas(name), ")", ")"]]);
  const pivotColumn = () => [name(), "in", "(", ...commas(expr), ")"];

  // -------------------------------------------------------------------------- text

  const word1 = /[A-Za-z0-9_$]$/, word2 = /^[A-Za-z0-9_$'"`.#]/;
  const oddBlanks = ["\n", "\t", "  ", "\u00a0", "\ufeff", " -- comment\n", " // comment\n", " # comment\n", " /* a */ ", "/* -- */", " /* /* */ "];
  function write(tokens) {
    let out = "";
    for (const token of tokens.flat(Infinity)) {
      // without a blank some tokens run together, which is a test too, but a rare one
      const glue = out === "" || (chance(12) && !(word1.test(out) && word2.test(token)));
      out += (glue ? "" : chance(3) ? pick(oddBlanks) : " ") + token;
    }
    return out;
  }

  const keywords = ["ALL", "AND", "ANTI", "ANY", "ARRAY", "AS", "ASC", "ASCENDING", "ASOF", "BETWEEN", "BOTH", "BY", "CASE", "CAST", "CATCH", "COHORT", "COLLATE", "COLUMNS", "CROSS", "CUBE",
    "CURRENT", "DATE", "DAY", "DESC", "DESCENDING", "DISTINCT", "ELSE", "END", "EXCEPT", "EXCLUDE", "EXTRACT", "FALSE", "FILL", "FILTER", "FINAL", "FINALLY", "FIRST", "FN", "FOLLOWING", "FOR",
    "FROM", "FULL", "FUN", "GROUP", "GROUPING", "HAVING", "HOUR", "ID", "IF", "IGNORE", "ILIKE", "IN", "INCLUDE", "INF", "INFINITY", "INNER", "INTERPOLATE", "INTERSECT", "INTERVAL", "IS", "JOIN",
    "KEY", "LAMBDA", "LAST", "LEADING", "LEFT", "LET", "LIKE", "LIMIT", "MATERIALIZED", "MINUTE", "MONTH", "NAME", "NAN", "NATURAL", "NOT", "NULL", "NULLS", "OFFSET", "ON", "OR", "ORDER", "OUTER",
    "OVER", "PARTITION", "PIVOT", "POSITIONAL", "PRECEDING", "PREWHERE", "QUALIFY", "QUARTER", "RANGE", "RECURSIVE", "REPLACE", "RETURN", "RIGHT", "ROLLUP", "ROW", "ROWS", "SAMPLE", "SECOND",
    "SELECT", "SEMI", "SETS", "SETTINGS", "STEP", "SUBSTRING", "THEN", "THROW", "TIES", "TIME", "TIMESTAMP", "TO", "TOP", "TOTALS", "TRAILING", "TRIM", "TRUE", "TRY", "TRY_CAST", "UNBOUNDED", "UNION",
    "UNPIVOT", "USING", "VALUES", "WEEK", "WHEN", "WHERE", "WHILE", "WINDOW", "WITH", "WITHIN", "YEAR", "LATERAL", "GLOBAL", "FORMAT", "GROUPS"];
  const symbols = ["(", ")", "[", "]", "{", "}", ",", ".", ";", ":", "::", ":=", "->", "?", "??", "?.", "+", "-", "*", "/", "%", "||", "=", "==", "!=", "<", ">", "<=", "<=>", "=~", "!~", "~", "~*", "</", "/>"];
  const oddTokens = ["&", "|", "!", "^", "@", "\\", "é", "😀", "'", '"', "`", "\u0000", "/*", "*/", "--", "#", "$", "f'", "0o17", "\u2028"];

  function mutate(tokens) {
    const out = tokens.flat(Infinity);
    for (let n = 1 + random(2); n > 0 && out.length; n--) {
      const i = random(out.length), j = Math.min(out.length - 1, i + 1);
      run([() => out.splice(i, 1), () => out.splice(i, 0, out[i]), () => ([out[i], out[j]] = [out[j], out[i]]), () => (out[i] = pick(keywords)), () => (out[i] = pick(symbols)),
        () => out.splice(i, 0, pick(keywords)), () => out.splice(i, 0, pick(symbols)), () => (out[i] = chance(30) ? pick(oddTokens) : literal()), () => out.splice(i, 1 + random(3)),
        () => out.splice(i, 0, name())]);
    }
    return out;
  }

  const capitals = (tokens) => tokens.map((t) => (/^[a-z_]+$/.test(t) && chance(50) ? t.toUpperCase() : t));

  // One query: three in ten mutated, one in five with keywords as names.
  return () => {
    depth = random(4);
    keywordsAsNames = chance(20) ? 12 : 0;
    let tokens = (chance(4) ? tag() : chance(20) ? setStatement() : select()).flat(Infinity);
    if (chance(30)) tokens = mutate(tokens);
    if (chance(3)) tokens.push(";");
    if (chance(30)) tokens = capitals(tokens);
    return write(tokens);
  };
}

module.exports = { generator };
