# tcptrace: what a newcomer, a developer and CI run.
STATICCHECK = honnef.co/go/tools/cmd/staticcheck@v0.8.2
LDFLAGS     = -s -w

.PHONY: build demo test test-full race fuzz fuzz-parts fuzz-briefly lint deps golden bench static release rename-module clean browser screenshots duckdb cloud beam pgo soak

# The compiler optimizes the program by a profile, cmd/tcptrace/default.pgo, for which it compiles every package once more. That takes minutes
# when it has never done so: tests do without.
golden test test-full lint bench browser screenshots duckdb race soak fuzz fuzz-parts fuzz-briefly: export GOFLAGS := $(strip $(GOFLAGS) -pgo=off)

build: deps ## bin/tcptrace
	go build -trimpath -ldflags '$(LDFLAGS)' -o bin/tcptrace ./cmd/tcptrace

demo: build ## analyze a capture that ships with the project
	bin/tcptrace testdata/pcaps/showcase.pcap

test: deps ## the tests for while you work: of what takes long, some
	go test ./...

test-full: deps ## all tests
	TCPTRACE_TEST=full go test -timeout 30m ./...

lint: deps
	@test -z "$$(gofmt -l .)" || { echo "not gofmt-clean:"; gofmt -l .; exit 1; }
	go vet ./...
	go run $(STATICCHECK) ./...

# libpcap's headers are needed for live capture and the whole language of -f.
# Without them: make static.
deps:
	@sh .ci/deps

static: ## a binary without libpcap: of the language of -f a part, live capture on Linux only
	CGO_ENABLED=0 go build -trimpath -ldflags '$(LDFLAGS)' -o bin/tcptrace ./cmd/tcptrace

golden: deps ## rewrite the golden captures and outputs; review the diff
	go test ./internal/truth/lab ./report ./fsm ./cmd/tcptrace -update

browser: deps ## tests the page of 'tcptrace report' in a Chromium, where there is one
	cd test/browser && go test -timeout 20m ./...

duckdb: ## asks DuckDB the questions of docs/sql.md, where its module can be fetched
	.ci/duckdb

cloud: ## bin/tcptrace-cloud, which also reads s3://, gs:// and azblob://, and its test
	.ci/cloud
	cd test/cloud && go test -timeout 20m ./...

beam: ## bin/tcptrace-beam, for many files on many machines (beam/README.md)
	cd beam && go build -pgo=../cmd/tcptrace/default.pgo -trimpath -ldflags '$(LDFLAGS)' -o ../bin/tcptrace-beam .

screenshots: deps ## pictures of golden captures' pages, to look at
	cd test/browser && TCPTRACE_SCREENSHOTS=$${SCREENSHOTS:-$(CURDIR)/dist/screenshots} go test -timeout 30m -count 1 -run TestScreenshots ./...

bench: deps
	go test -run '^$$' -bench . ./...

pgo: deps ## takes the profile anew by which the compiler optimizes the program; needs captures, or what makes some (.ci/pgo)
	.ci/pgo $(CAPTURES)

soak: deps ## watches half an hour of connections come and go, in network namespaces (root): SOAKTIME=5m for less
	TCPTRACE_SOAK=$(SOAKTIME) go test -v -count 1 -timeout 6h -run 'TestSoak$$' ./cmd/tcptrace
SOAKTIME = 30m

race: ## tests what has goroutines with the race detector
	go test -race -short -timeout 20m ./analyzer/internal/flow ./analyzer/internal/pipeline ./check/... ./internal/input ./internal/interrupt ./internal/live/... ./internal/output ./internal/progress ./internal/remote ./internal/verify ./report ./report/internal/columnar ./report/internal/condition ./report/internal/record
	go test -race -short -timeout 5m -run 'Parts|Older' ./analyzer
	go test -race -timeout 10m -run 'ByWorkers|ByRings' ./cmd/tcptrace # most of it is to compile that

# The fuzz targets, by package: of the whole program, and of its parts.
FUZZ_WHOLE = ./analyzer:FuzzFrames ./analyzer:FuzzReadings ./cmd/tcptrace:FuzzCommands ./cmd/tcptrace:FuzzClock ./cmd/tcptrace:FuzzFlags ./report:FuzzRenderers ./report/internal/condition:FuzzWhere ./report:FuzzString \
	./report:FuzzEncoder ./internal/live:FuzzEvents ./internal/page:FuzzPage ./internal/plot:FuzzPlot
FUZZ_PARTS = ./check/expect:FuzzParse ./check/expect:FuzzProject ./internal/filterlang:FuzzCompile \
	./internal/input:FuzzOpen ./internal/input:FuzzPcap ./internal/input:FuzzPcapng ./internal/input:FuzzSnoop ./internal/input:FuzzERF \
	./internal/wire:FuzzLinks ./internal/wire:FuzzCommon ./internal/wire:FuzzDecode ./internal/wire:FuzzReassemble ./internal/wire:FuzzPieces ./internal/wire:FuzzICMP ./internal/names:FuzzSegments \
	./analyzer/internal/flow:FuzzTracker ./reassembly:FuzzStreamModel ./reassembly:FuzzRanges ./reassembly:FuzzRangesBound ./reassembly:FuzzUnwrap \
	./reassembly:FuzzStream ./reassembly:FuzzStreamHostile ./reassembly:FuzzScoreboard ./reassembly:FuzzScoreboardHostile \
	./fsm:FuzzParseState ./internal/console:FuzzWriter ./internal/instant:FuzzParse ./internal/live/dump:FuzzKeeper ./internal/truth/lab:FuzzParse \
	./internal/anonymize:FuzzFrame
FUZZTIME = 10m
FUZZ = $(FUZZ_WHOLE) $(FUZZ_PARTS)

fuzz: deps ## the long run, one target after the other: make fuzz FUZZTIME=1h FUZZ=./report/internal/condition:FuzzWhere
	@.ci/fuzz $(FUZZTIME) $(FUZZ)

fuzz-parts: ## a few minutes, most of which it takes to build them
	@.ci/fuzz 5s $(FUZZ_PARTS)

fuzz-briefly: fuzz-parts ## that, and the whole program; those of the commands try 250 captures before they change any
	@.ci/fuzz 40s $(filter ./cmd/%,$(FUZZ_WHOLE))
	@.ci/fuzz 8s $(filter-out ./cmd/%,$(FUZZ_WHOLE))

release: ## archives, .deb, .rpm and checksums in dist: make release VERSION=1.2.3
	.ci/release '$(VERSION)' $(NAME)

rename-module: ## gives the module the name of its repository: make rename-module MODULE=example.com/you/tcptrace
	.ci/rename-module '$(MODULE)'

clean:
	rm -rf bin dist
