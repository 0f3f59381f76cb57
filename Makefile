# The shim: `make demo` builds it and shows it at work, `make check` tests it.
# Both install what they need on Debian (deps/install), as root or with sudo; git and make come first.

# The one place for the version.
VERSION := 0.2.0
CC := gcc
MACHINE := $(shell $(CC) -dumpmachine 2>/dev/null)
B := build

# For another machine: CC is its compiler, MUSL_CC the same with musl, and SYSROOT has that musl and
# the kernel's headers. tests/machines/cross shows how.
SYSROOT :=

# `make V=1` shows the commands.
Q := $(if $(V),,@)

CFLAGS := -Os -g
# Warnings stop `make check` only: a newer compiler may have new ones.
WARNINGS := -Wall -Wextra -Wconversion -Wshadow -Wvla $(WERROR)
HARDENING := -fPIE -fstack-protector-strong -fstack-clash-protection -ffunction-sections -fdata-sections -fno-asynchronous-unwind-tables
SHIM_CFLAGS = -std=c11 -D_GNU_SOURCE -DSHIM_VERSION='"$(VERSION)"' $(WARNINGS) $(HARDENING) $(CFLAGS)
SHIM_LDFLAGS := -s -Wl,-z,relro,-z,now,-z,noexecstack,-z,text,--gc-sections,--wrap=open

# On Alpine the compiler's libc is musl. Elsewhere it is musl-gcc's, which cannot link a
# static-pie (it makes a dynamic executable of it without a word) and lacks the kernel's headers;
# and not every gcc knows -static-pie, so that is spelled out.
ifneq ($(findstring musl,$(MACHINE)),)
MUSL_CC := $(CC)
LINK = $(CC) -static-pie $(SHIM_LDFLAGS) -o $@ $(OBJECTS) $(LIBCAP_NG)
else
MUSL_CC := musl-gcc
MUSL := $(SYSROOT)/usr/lib/$(subst gnu,musl,$(MACHINE))
KERNEL_HEADERS := $(abspath $(B))/include
LINK = $(CC) -nostdlib -pie -Wl,-Bstatic,--no-dynamic-linker $(SHIM_LDFLAGS) -o $@ \
    $(MUSL)/rcrt1.o $(MUSL)/crti.o $(shell $(CC) -print-file-name=crtbeginS.o) $(OBJECTS) \
    $(LIBCAP_NG) $(MUSL)/libc.a $(shell $(CC) -print-libgcc-file-name) \
    $(shell $(CC) -print-file-name=crtendS.o) $(MUSL)/crtn.o
endif

SOURCES := $(sort $(wildcard shim/*.c shim/*/*.c))
OBJECTS := $(SOURCES:shim/%.c=$(B)/shim.o/%.o) $(B)/shim.o/init/entry.o

# shim/init/entry.S has the first instructions of the process for these machines.
ifneq ($(filter x86_64-% aarch64-% arm% riscv64-% s390x-% powerpc64le-%,$(MACHINE)),)
SHIM_LDFLAGS += -Wl,-e,shim_entry
endif

# Alpine has a musl build of the archive (libcap-ng-static); elsewhere it is built here.
ifneq ($(and $(findstring musl,$(MACHINE)),$(wildcard /usr/lib/libcap-ng.a)),)
LIBCAP_NG := /usr/lib/libcap-ng.a
CAP_NG_INCLUDE := /usr/include
else
LIBCAP_NG := $(B)/libcap-ng/libcap-ng.a
CAP_NG_INCLUDE := $(B)/libcap-ng
endif

.PHONY: all
all: $(B)/shim

include dist/dist.mk

$(B)/shim: $(OBJECTS) $(LIBCAP_NG)
	@echo "  LINK  $@"
	$(Q)$(LINK)

$(B)/shim.o/%.o: shim/%.c Makefile $(LIBCAP_NG) | $(KERNEL_HEADERS)
	@echo "  CC    $<"
	$(Q)mkdir -p $(@D)
	$(Q)$(MUSL_CC) $(SHIM_CFLAGS) -Ishim $(KERNEL_HEADERS:%=-isystem %) -isystem $(CAP_NG_INCLUDE) -MMD -MP -c -o $@ $<

$(B)/shim.o/init/entry.o: shim/init/entry.S Makefile
	@echo "  AS    $<"
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -c -o $@ $<

-include $(OBJECTS:.o=.d)

$(abspath $(B))/include:
	$(Q)mkdir -p $@
	$(Q)ln -sfn $(SYSROOT)/usr/include/linux $(SYSROOT)/usr/include/asm-generic $@/
	$(Q)ln -sfn $(SYSROOT)/usr/include/$(MACHINE)/asm $@/asm

$(B)/libcap-ng/libcap-ng.a: deps/libcap-ng | $(KERNEL_HEADERS)
	@echo "  DEP   libcap-ng"
	$(Q)MUSL_CC="$(MUSL_CC)" CPPFLAGS="$(KERNEL_HEADERS:%=-I%)" CFLAGS="-Os $(HARDENING)" \
	    deps/libcap-ng $(B)/libcap-ng

# The sample app, where there is an SDK to build it; whoami stands in for it elsewhere.
DOTNET := $(shell command -v dotnet 2>/dev/null)
ASPNETAPP := $(if $(DOTNET),$(B)/aspnetapp/aspnetapp)

$(B)/aspnetapp/aspnetapp: $(wildcard examples/aspnetapp/*.*)
	@echo "  NET   $@ (the first time takes a minute)"
	$(Q)DOTNET_NOLOGO=1 DOTNET_GENERATE_ASPNET_CERTIFICATE=false dotnet publish examples/aspnetapp -o $(@D) --nologo -v quiet && touch $@

$(B)/whoami: examples/whoami/whoami.c Makefile | $(KERNEL_HEADERS)
	@echo "  CC    $<"
	$(Q)$(MUSL_CC) -std=c11 -D_GNU_SOURCE $(WARNINGS) -Os -s -static $(KERNEL_HEADERS:%=-isystem %) -o $@ $<

# make installs first and then looks again: what it finds depends on what is installed.
.PHONY: demo
demo:
	$(Q)deps/install demo
	$(Q)$(MAKE) --no-print-directory show

.PHONY: show
show: $(B)/shim $(B)/whoami $(ASPNETAPP)
	$(Q)examples/demo $(B)/shim $(B)/whoami $(if $(ASPNETAPP),$(B)/aspnetapp)

include tests/tests.mk

# `make check` runs all tests, `make check STAGES="lint unit"` some; tests/run knows the stages.
.PHONY: check
check:
	$(Q)deps/install test
	$(Q)$(MAKE) --no-print-directory WERROR=-Werror test-programs
	$(Q)$(if $(filter 0,$(shell id -u)),,sudo env "PATH=$$PATH" "SHIM_ENGINE=$$SHIM_ENGINE") tests/run $(STAGES)

.PHONY: test-programs
test-programs: $(B)/shim $(B)/decision $(UNIT_TESTS) $(PAYLOADS) $(B)/machine-init $(B)/whoami $(ASPNETAPP)

# Frama-C over the rooms that read what others wrote: minutes, and no part of `make check`.
.PHONY: prove
prove:
	$(Q)deps/install prove
	$(Q)tests/prove/run
	$(Q)tests/prove/run --planted

# Beside other inits: case by case, what each costs as ratios, and how the shim's cost grows.
.PHONY: compare bench growth
compare bench growth: $(B)/shim $(PAYLOADS) $(BENCH)
	$(Q)deps/install test
	$(Q)$(if $(filter 0,$(shell id -u)),,sudo env "PATH=$$PATH") tests/bench/$@

# What all tests together come by, and whether a test tells when one thing is broken: both take long.
.PHONY: coverage mutation
coverage mutation:
	$(Q)deps/install coverage
	$(Q)$(if $(filter 0,$(shell id -u)),,sudo env "PATH=$$PATH") tests/$@/run

.PHONY: analyze
analyze: $(LIBCAP_NG)
	$(Q)for source in $(SOURCES); do \
	    $(MUSL_CC) $(SHIM_CFLAGS) -Ishim $(KERNEL_HEADERS:%=-isystem %) -isystem $(CAP_NG_INCLUDE) \
	        -fanalyzer -c -o /dev/null $$source || exit 1; \
	done

.PHONY: print-cap-ng-include
print-cap-ng-include:
	@echo $(CAP_NG_INCLUDE)

.PHONY: format
format:
	clang-format -i shim/*.[ch] shim/*/*.[ch] $$(find tests examples -name '*.[ch]')

.PHONY: clean
clean:
	rm -rf $(B)
