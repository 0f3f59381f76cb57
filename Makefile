# The shim: `make demo` builds it and shows it at work, `make check` tests it.
# Both install what they need on Debian (deps/install), as root or with sudo.

VERSION := 0.1.0
CC := gcc
MACHINE := $(shell $(CC) -dumpmachine)
B := build

CFLAGS := -Os -g
WARNINGS := -Wall -Wextra -Wconversion -Wshadow -Wvla -Werror
HARDENING := -fPIE -fstack-protector-strong -ffunction-sections -fdata-sections
SHIM_CFLAGS = -std=c11 -D_GNU_SOURCE -DSHIM_VERSION='"$(VERSION)"' $(WARNINGS) $(HARDENING) $(CFLAGS)
SHIM_LDFLAGS := -static-pie -s -Wl,-z,relro,-z,now,-z,noexecstack,-z,text,--gc-sections

# On Alpine the compiler's libc is musl. Elsewhere it is musl-gcc's, which cannot link a
# static-pie (it makes a dynamic executable of it without a word) and lacks the kernel's headers.
ifneq ($(findstring musl,$(MACHINE)),)
MUSL_CC := $(CC)
LINK = $(CC) $(SHIM_LDFLAGS) -o $@ $(OBJECTS) $(LIBCAP_NG)
else
MUSL_CC := musl-gcc
MUSL := /usr/lib/$(subst gnu,musl,$(MACHINE))
KERNEL_HEADERS := $(B)/include
LINK = $(CC) -nostdlib $(SHIM_LDFLAGS) -o $@ \
    $(MUSL)/rcrt1.o $(MUSL)/crti.o $(shell $(CC) -print-file-name=crtbeginS.o) $(OBJECTS) \
    $(LIBCAP_NG) $(MUSL)/libc.a $(shell $(CC) -print-libgcc-file-name) \
    $(shell $(CC) -print-file-name=crtendS.o) $(MUSL)/crtn.o
endif

SOURCES := $(wildcard shim/*.c)
OBJECTS := $(SOURCES:shim/%.c=$(B)/shim.o/%.o)

# Alpine has a musl build of the archive (libcap-ng-static); elsewhere it is built here.
ifneq ($(wildcard /usr/lib/libcap-ng.a),)
LIBCAP_NG := /usr/lib/libcap-ng.a
CAP_NG_INCLUDE := /usr/include
else
LIBCAP_NG := $(B)/libcap-ng/libcap-ng.a
CAP_NG_INCLUDE := $(B)/libcap-ng
endif

.PHONY: all
all: $(B)/shim

$(B)/shim: $(OBJECTS) $(LIBCAP_NG)
	$(LINK)

$(B)/shim.o/%.o: shim/%.c Makefile $(LIBCAP_NG) | $(B)/shim.o
	$(MUSL_CC) $(SHIM_CFLAGS) $(KERNEL_HEADERS:%=-isystem %) -isystem $(CAP_NG_INCLUDE) -MMD -c -o $@ $<
-include $(OBJECTS:.o=.d)

$(B)/shim.o:
	mkdir -p $@

$(B)/include:
	mkdir -p $@
	ln -sfn /usr/include/linux /usr/include/asm-generic $@/
	ln -sfn /usr/include/$(MACHINE)/asm $@/asm

$(B)/libcap-ng/libcap-ng.a: deps/libcap-ng | $(KERNEL_HEADERS)
	MUSL_CC="$(MUSL_CC)" CPPFLAGS="$(KERNEL_HEADERS:%=-I$(CURDIR)/%)" CFLAGS="-Os $(HARDENING)" \
	    deps/libcap-ng $(B)/libcap-ng

# What the tests run under the shim: each a static program of one file.
PAYLOADS := $(patsubst tests/payloads/%.c,$(B)/payloads/%,$(wildcard tests/payloads/*.c))

.PHONY: payloads
payloads: $(PAYLOADS)

$(B)/payloads/%: tests/payloads/%.c Makefile | $(KERNEL_HEADERS)
	mkdir -p $(@D)
	$(MUSL_CC) -std=c11 -D_GNU_SOURCE $(WARNINGS) -O1 -g -static $(KERNEL_HEADERS:%=-isystem %) -o $@ $<

.PHONY: clean
clean:
	rm -rf $(B)
