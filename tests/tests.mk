# What the tests are made of; the Makefile includes it.

# What the tests run under the shim: each a static program of one file.
PAYLOADS := $(patsubst tests/payloads/%.c,$(B)/payloads/%,$(wildcard tests/payloads/*.c))

.PHONY: payloads
payloads: $(PAYLOADS)

$(B)/payloads/%: tests/payloads/%.c Makefile | $(KERNEL_HEADERS)
	@echo "  CC    $<"
	$(Q)mkdir -p $(@D)
	$(Q)$(MUSL_CC) -std=c11 -D_GNU_SOURCE $(WARNINGS) -O1 -g -static $(KERNEL_HEADERS:%=-isystem %) -o $@ $<

# What is measured beside the shim, and what measures.
BENCH := $(patsubst tests/bench/programs/%.c,$(B)/bench/%,$(wildcard tests/bench/programs/*.c)) $(B)/bench/measure
BENCH_CC = $(MUSL_CC) -std=c11 -D_GNU_SOURCE $(WARNINGS) -O1 -static $(KERNEL_HEADERS:%=-isystem %)

$(B)/bench/%: tests/bench/programs/%.c tests/bench/programs/limit.h tests/bench/programs/floor.h | $(KERNEL_HEADERS)
	@echo "  CC    $<"
	$(Q)mkdir -p $(@D)
	$(Q)$(BENCH_CC) -o $@ $<

$(B)/bench/measure: $(wildcard tests/bench/measure/*.[ch]) | $(KERNEL_HEADERS)
	@echo "  CC    tests/bench/measure"
	$(Q)mkdir -p $(@D)
	$(Q)$(BENCH_CC) -o $@ $(filter %.c,$^)

# The init of the test machines: tests/machines/guest.
GUEST := $(wildcard tests/machines/guest/*.c)

$(B)/machine-init: $(GUEST) tests/machines/guest/machine.h Makefile tests/tests.mk | $(KERNEL_HEADERS)
	@echo "  GUEST $@"
	$(Q)$(MUSL_CC) -std=c11 -D_GNU_SOURCE $(WARNINGS) -O1 -g -static $(KERNEL_HEADERS:%=-isystem %) -o $@ $(GUEST)

# The compiler of those programs that are made with the machine's own libc.
TEST_CC := gcc

# Unit tests: all rooms, on the machine's own libc, with sanitizers. From an archive each test takes
# what it calls: so it may have a kernel, and a libcap-ng, of its own.
UNIT_ROOMS := $(filter-out shim/main.c,$(SOURCES))
UNIT_FLAGS := -std=c11 -D_GNU_SOURCE -DSHIM_VERSION='"0"' $(WARNINGS) -g -O1 -Ishim -Itests/unit \
    -isystem $(CAP_NG_INCLUDE) -fsanitize=address,undefined -fno-sanitize-recover=all
UNIT_LDFLAGS := -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=strndup -lcmocka
UNIT_OBJECTS := $(UNIT_ROOMS:shim/%.c=$(B)/unit.o/%.o)
UNIT_TESTS := $(patsubst tests/unit/%.c,$(B)/unit/%,$(wildcard tests/unit/test_*.c tests/unit/*/test_*.c))

$(UNIT_OBJECTS): $(B)/unit.o/%.o: shim/%.c $(wildcard shim/*.h shim/*/*.h) Makefile tests/tests.mk | $(LIBCAP_NG)
	$(Q)mkdir -p $(@D)
	$(Q)$(TEST_CC) $(UNIT_FLAGS) -c -o $@ $<

$(B)/unit.o/memory.o: tests/unit/memory.c tests/unit/memory.h Makefile tests/tests.mk
	$(Q)mkdir -p $(@D)
	$(Q)$(TEST_CC) $(UNIT_FLAGS) -c -o $@ $<

$(B)/unit.o/rooms.a: $(UNIT_OBJECTS)
	$(Q)rm -f $@
	$(Q)ar rc $@ $^

$(B)/unit/%: tests/unit/%.c $(wildcard tests/unit/*.h tests/unit/*/*.h) $(B)/unit.o/memory.o $(B)/unit.o/rooms.a
	@echo "  TEST  $<"
	$(Q)mkdir -p $(@D)
	$(Q)$(TEST_CC) $(UNIT_FLAGS) -o $@ $< $(B)/unit.o/memory.o $(B)/unit.o/rooms.a $(UNIT_LDFLAGS)

# The decision, exhaustively: the pure rooms alone, made for speed.
DECISION := shim/plan/plan.c shim/plan/whom.c shim/plan/ports.c shim/identity/groups.c shim/base/text.c shim/base/message.c \
    shim/base/capability.c shim/base/environment.c $(wildcard shim/aspnet/*.c)

$(B)/decision: tests/decision/all.c $(DECISION) $(wildcard shim/*.h shim/*/*.h) Makefile tests/tests.mk
	@echo "  TEST  $<"
	$(Q)$(TEST_CC) -std=c11 -D_GNU_SOURCE $(WARNINGS) -O2 -Ishim -o $@ $< $(DECISION)
