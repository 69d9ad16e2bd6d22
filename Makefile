# hoglet: `make run` and `make test` are all a newcomer needs; each installs what is missing.
#   make            build/hoglet                 make asan    the same under ASan and UBSan
#   make test       set up, build, run all tests  make check  layers, headers
#   make fuzz       each fuzz target a minute     make clean
SHELL := /bin/sh
MODE ?= release
# Sub-makes use every core; V=1 shows the commands.
JOBS ?= $(shell nproc)
SUB = $(MAKE) --no-print-directory -j$(JOBS)
Q := $(if $(V),,@)
B := build/$(MODE)
SQLITE := deps/node_modules/better-sqlite3/deps/sqlite3

CFLAGS_release := -O2 -DNDEBUG
CFLAGS_debug := -O0
CFLAGS_asan := -O1 -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all
LDFLAGS_asan := -fsanitize=address,undefined

# Without checks of leaks at each run: the fuzzer looks for them itself.
CFLAGS_fuzz := -O1 -fno-omit-frame-pointer -fsanitize=fuzzer-no-link,address,undefined \
               -fno-sanitize-recover=all -Wno-error
LDFLAGS_fuzz := -fsanitize=fuzzer,address,undefined

COMMON := -g -Wall -Wextra -Wno-missing-field-initializers -Werror -Wshadow -Wvla -Isrc -I$(SQLITE) -I/usr/include/postgresql -D_GNU_SOURCE -MMD -MP \
          -fstack-protector-strong $(CFLAGS_$(MODE))
CFLAGS := -std=gnu11 -Wstrict-prototypes -Wmissing-prototypes $(COMMON)
CXXFLAGS := -std=c++17 $(COMMON)
LDLIBS := -lmicrohttpd -lsimdjson -lcurl -lpq -lsodium -lcrypto -lz -lzstd -lbrotlidec -lbrotlienc -lm -ldl -lpthread

SRC := $(filter-out src/main.c,$(wildcard src/*/*.c))
OBJ := $(SRC:src/%.c=$(B)/%.o) $(B)/json/parse.cc.o $(B)/sqlite3.o $(B)/page_files.o $(B)/sdk_files.o
# What browsers load of the client library: itself, and the parts that it fetches when a site asks.
POSTHOG_JS := web/node_modules/posthog-js
SDK := $(addsuffix .js,array crisp-chat-integration dead-clicks-autocapture element-inference \
       exception-autocapture intercom-integration surveys tracing-headers web-vitals \
       web-vitals-with-attribution)
WEB := $(shell find web/src -type f) web/build.mjs web/tsconfig.json web/node_modules/.package-lock.json
UNIT := $(wildcard test/unit/*/*.c)
UNIT_BIN := $(UNIT:test/unit/%.c=$(B)/unit/%)
FUZZ := hogql hogql_words complete timestamp capture lz64 json selector csv parquet planner model
REPLAY_BIN := $(patsubst %,$(B)/replay/%,$(filter-out hogql_words,$(FUZZ)))
FUZZ_SECONDS ?= 60

all: build/hoglet

build/hoglet: $(B)/hoglet
	@ln -sf $(MODE)/hoglet $@

$(B)/hoglet: $(B)/main.o $(B)/libhoglet.a
	@echo "  LD   $@"
	$(Q)$(CXX) $(LDFLAGS_$(MODE)) -o $@ $^ $(LDLIBS)

$(B)/libhoglet.a: $(OBJ)
	@rm -f $@
	$(Q)$(AR) rcs $@ $^

$(B)/%.o: src/%.c
	@mkdir -p $(@D)
	@echo "  CC   $@"
	$(Q)$(CC) $(CFLAGS) -include base/banned.h -c -o $@ $<

$(B)/json/parse.cc.o: src/json/parse.cc
	@mkdir -p $(@D)
	@echo "  CXX  $@"
	$(Q)$(CXX) $(CXXFLAGS) -c -o $@ $<

$(B)/sqlite3.o: $(SQLITE)/sqlite3.c
	@mkdir -p $(@D)
	@echo "  CC   $@"
	$(Q)$(CC) -O2 -g -w -DSQLITE_THREADSAFE=2 -DSQLITE_OMIT_LOAD_EXTENSION -DSQLITE_DQS=0 \
	  -DSQLITE_DEFAULT_FOREIGN_KEYS=1 -DSQLITE_ENABLE_FTS5 -c -o $@ $<

# The page: bundled once for all modes, then taken into the program as it stands.
web/node_modules/.package-lock.json: web/package-lock.json
	cd web && npm ci --ignore-scripts --no-audit --no-fund && touch node_modules/.package-lock.json

build/web/page_files.c: $(WEB) tools/mkembed
	@node web/build.mjs build/web/files
	@tools/mkembed build/web/files page_files >$@.new && mv $@.new $@

build/web/sdk_files.c: web/node_modules/.package-lock.json tools/mkembed Makefile
	@rm -rf build/web/sdk && mkdir -p build/web/sdk
	@cp $(SDK:%=$(POSTHOG_JS)/dist/%) build/web/sdk
	@cp $(POSTHOG_JS)/LICENSE build/web/sdk/LICENSE.txt
	@{ tools/mkembed build/web/sdk sdk_files && \
	  sed -n 's/^ *"version": *\("[^"]*"\).*/const char sdk_version[] = \1;/p' \
	    $(POSTHOG_JS)/package.json; } >$@.new && mv $@.new $@

# What the operations of the API take and answer, for the OpenAPI document.
build/web/openapi.json: $(wildcard src/api/openapi/*.json) tools/mkopenapi
	@mkdir -p $(@D)
	@tools/mkopenapi src/api/openapi >$@.new && mv $@.new $@

build/web/types: $(WEB)
	@mkdir -p $(@D)
	web/node_modules/.bin/tsc --project web && touch $@

$(B)/page_files.o $(B)/sdk_files.o: $(B)/%.o: build/web/%.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -c -o $@ $<

$(B)/unit/%.o: test/unit/%.c
	@mkdir -p $(@D)
	@echo "  CC   $@"
	$(Q)$(CC) $(CFLAGS) -c -o $@ $<

$(B)/unit/%: $(B)/unit/%.o $(B)/libhoglet.a
	@echo "  LD   $@"
	$(Q)$(CC) $(LDFLAGS_$(MODE)) -o $@ $< $(B)/libhoglet.a $(LDLIBS) -lcmocka -lstdc++

$(B)/replay/%: test/fuzz/%.c test/fuzz/replay.c $(B)/libhoglet.a
	@mkdir -p $(@D)
	@echo "  LD   $@"
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS_$(MODE)) -o $@ $(filter %.c,$^) $(B)/libhoglet.a $(LDLIBS) -lstdc++

build/fuzz/target/%: test/fuzz/%.c build/fuzz/libhoglet.a
	@mkdir -p $(@D)
	@echo "  LD   $@"
	$(Q)$(CC) $(CFLAGS) -c -o $@.o $<
	$(Q)$(CXX) $(LDFLAGS_fuzz) -o $@ $@.o build/fuzz/libhoglet.a $(LDLIBS)

unit-bins: $(UNIT_BIN) $(REPLAY_BIN)

# Each target for FUZZ_SECONDS, on its corpus and what it found before; stops at the first finding.
fuzz: setup
	@tools/setup tools/packages-fuzz.txt
	@$(SUB) MODE=fuzz CC=clang CXX=clang++ $(FUZZ:%=build/fuzz/target/%)
	@tools/fuzz $(FUZZ_SECONDS) $(FUZZ)

$(B)/bench/%: bench/%.c
	@mkdir -p $(@D)
	@echo "  LD   $@"
	$(Q)$(CC) $(CFLAGS) -O2 -o $@ $< -lmicrohttpd

bench-bins: $(patsubst bench/%.c,$(B)/bench/%,$(wildcard bench/*.c))

# Each budget's script prints its ratio; docs/performance.md says which machine.
bench:
	@$(MAKE) --no-print-directory MODE=release build/hoglet bench-bins
	@for script in bench/*.js; do node $$script || exit 1; done

# Makes system calls of the server fail, for test/fault/.
build/fault.so: test/fault/preload.c
	@mkdir -p $(@D)
	$(CC) -std=gnu11 -O1 -Wall -Wextra -Werror -Wshadow -D_GNU_SOURCE -shared -fPIC -o $@ $< -ldl

setup:
	@tools/setup

asan:
	@$(SUB) MODE=asan build/asan/hoglet

run: setup
	@$(SUB) MODE=release build/hoglet
	@tools/run

test: setup
	@$(SUB) MODE=release build/hoglet build/fault.so
	@$(SUB) MODE=asan build/asan/hoglet unit-bins
	@tools/check_layers
	@$(SUB) build/web/types
	@tools/run_tests

check: setup build/web/types
	@tools/check_layers
	@tools/check_headers

clean:
	rm -rf build

$(B)/api/schema.o: build/web/openapi.json
$(B)/store/store.o: $(wildcard src/store/migrations/*.sql)
$(B)/assistant/agent_history.o: $(wildcard src/assistant/prompts/*.txt)
$(B)/olap/prepare.o: $(wildcard src/olap/schema/*.sql)

.SECONDARY: $(UNIT_BIN:=.o)
-include $(shell find build -name '*.d' 2>/dev/null)
.PHONY: bench bench-bins all run setup asan test check clean unit-bins
