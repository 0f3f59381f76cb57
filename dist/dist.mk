# What a build says it is, `make install`, and releases.

# What packages and advisories know it by. (Debian's package `shim` is another program.)
NAME := aspnet-shim

# Where the sources and the image are published; empty until they are.
REPOSITORY :=
IMAGE :=

# Who it is: for people, and for scanners of a file that has been copied out of all packages.
LIBC := $(if $(MUSL),$(MUSL)/libc.a,$(shell $(CC) -print-file-name=libc.a 2>/dev/null))
OBJECTS += $(B)/identity/version.o
SHIM_LDFLAGS += @$(B)/identity/note -Wl,-Map=$(B)/shim.map

$(B)/identity/version.c: dist/identify Makefile dist/dist.mk $(LIBCAP_NG) $(wildcard $(LIBC))
	$(Q)mkdir -p $(@D)
	$(Q)NAME="$(NAME)" VERSION="$(VERSION)" CC="$(CC)" LIBCAP_NG="$(LIBCAP_NG)" LIBC="$(LIBC)" \
	    dist/identify $(@D)

$(B)/identity/version.o: $(B)/identity/version.c
	$(Q)$(MUSL_CC) $(SHIM_CFLAGS) -Ishim -c -o $@ $<

# For a machine: the file and its page, the latter with the version.
PREFIX := /usr/local
DESTDIR :=
INSTALLED = $(DESTDIR)$(PREFIX)/bin/shim $(DESTDIR)$(PREFIX)/share/man/man1/shim.1

.PHONY: install
install: $(B)/shim $(B)/shim.1
	install -d $(dir $(INSTALLED))
	install -m 0755 $(B)/shim $(word 1,$(INSTALLED))
	install -m 0644 $(B)/shim.1 $(word 2,$(INSTALLED))

.PHONY: uninstall
uninstall:
	rm -f $(INSTALLED)

$(B)/shim.1: shim/shim.1 Makefile
	$(Q)sed '1s/ shim "User Commands"/ "shim $(VERSION)" "User Commands"/' $< >$@

# The release of this commit, built in a root of its own; dist/README.md says how.
DIST := $(B)/dist/$(NAME)-$(VERSION)

.PHONY: dist
dist:
	$(Q)deps/install dist
	$(Q)dist/release $(B)/dist/root $(DIST)

# Whether a release that somebody has is what its sources make: DIR is a folder with its files.
.PHONY: verify-release
verify-release:
	$(Q)deps/install dist
	$(Q)dist/verify $(B)/dist/root $(DIR)

# The behaviour tests on the binaries of a release that are for other machines, under qemu.
.PHONY: check-release
check-release:
	$(Q)deps/install test
	$(Q)tests/machines/run --release $(DIR) $(MACHINES)

# What a variable is, for scripts.
.PHONY: print-NAME print-VERSION print-REPOSITORY
print-NAME print-VERSION print-REPOSITORY: print-%:
	@echo $($*)

# For the release of a tag: is it the one that this is, and then, with DIR, to the world.
.PHONY: release-check
release-check:
	$(Q)VERSION=$(VERSION) dist/changes --check "$(TAG)"

.PHONY: publish
publish:
	$(Q)NAME=$(NAME) VERSION=$(VERSION) IMAGE=$(IMAGE) dist/publish $(DIR)

# What the steps of a workflow need to know of a release: `key=value` a line.
.PHONY: release-outputs
release-outputs:
	@echo version=$(VERSION)
	@echo image=$(IMAGE)
	@echo digest=$(shell cat $(DIR)/$(NAME)-$(VERSION)-image.digest)
