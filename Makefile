# SPDX-License-Identifier: MIT
# The front door: what there is to do, by name. How things are built stands in meson.build.
#
#     make  make charts  make demo  make check  make bench  make rfc  make soak  make install
#     make clean  make help

PREFIX ?= /usr/local
DESTDIR ?=

.PHONY: all setup build charts demo check bench rfc soak install clean help
.NOTPARALLEL:

all: setup build

setup:
	@scripts/setup build

build:
	@scripts/build

charts:
	@scripts/setup charts
	@scripts/build

demo: all
	@scripts/demo

check:
	@scripts/setup check
	@scripts/check

soak:
	@scripts/setup check
	@scripts/check --soak
	@scripts/build
	@bench/aa --write

bench: all
	@bench/bench
	@bench/commands
	@bench/cost
	@bench/advise

rfc: charts
	@scripts/rfc

install: build
	@scripts/build --install '$(PREFIX)' '$(DESTDIR)'

clean:
	rm -rf build

help:
	@echo 'make            install what the build needs (Debian packages), build into build/'
	@echo 'make charts     the same with Node.js: HTML reports get charts'
	@echo 'make demo       compare the engines on one bag, about a minute'
	@echo 'make check      all tests, about 35 minutes on 2 cores; make soak: longer ones too'
	@echo 'make bench      measure the speed of tote itself'
	@echo 'make rfc        answer the RFC that started tote: docs/rfc-answer.md, under ten minutes'
	@echo 'make install    into PREFIX (/usr/local), below DESTDIR'
	@echo 'make clean      remove build/'
