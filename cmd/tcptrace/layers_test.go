package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const rootDir = "../.."

// layer is what a package's library files may import beside the standard library.
type layer struct {
	ours  []string // packages of this module
	other []string // packages of other modules; a trailing slash takes in all below
}

var (
	gopacketTypes = []string{"github.com/google/gopacket", "github.com/google/gopacket/layers"}
	anyOther      = []string{"github.com/", "golang.org/"}
)

// layers is the order of the packages. A package that is not here has no place yet: give it one.
var layers = map[string]layer{
	"fsm":                        {},
	"reassembly":                 {},
	"internal/octets":            {},
	"internal/topk":              {},
	"internal/interrupt":         {},
	"internal/build":             {},
	"internal/complete":          {ours: []string{"internal/live/capture", "analyzer"}, other: []string{"github.com/spf13/"}},
	"internal/flagerror":         {ours: []string{"report"}, other: []string{"github.com/spf13/"}},
	"internal/manual":            {other: []string{"github.com/spf13/cobra"}},
	"internal/shell":             {},
	"internal/flows":             {ours: []string{"internal/machine"}, other: []string{"github.com/spf13/pflag"}},
	"internal/machine":           {other: []string{"github.com/KimMachineGun/automemlimit/"}},
	"internal/wire":              {other: gopacketTypes},
	"internal/truth/lab":         {other: anyOther},
	"internal/truth/peers":       {},
	"internal/displayfilter":     {},
	"internal/filterlang":        {ours: []string{"internal/wire"}, other: []string{"golang.org/x/net/bpf"}},
	"internal/testutil/netns":    {other: []string{"golang.org/x/sys/"}},
	"internal/testutil/terminal": {},
	"internal/testutil/thorough": {},
	"internal/testutil/golden":   {},
	"internal/testutil/scripts":  {ours: []string{"internal/truth/lab"}, other: gopacketTypes},
	"analyzer/packet":            {ours: []string{"internal/wire"}, other: gopacketTypes},
	"analyzer/capturefile":       {ours: []string{"analyzer/packet", "internal/input"}},
	"internal/input":             {ours: []string{"analyzer/packet", "internal/blocks", "internal/displayfilter", "internal/filterlang", "internal/interrupt", "internal/remote", "internal/wire"}, other: anyOther},
	"internal/names":             {ours: []string{"internal/wire"}, other: []string{"golang.org/x/net/dns/dnsmessage", "golang.org/x/crypto/cryptobyte", "github.com/spf13/pflag"}},
	"internal/output":            {},
	"internal/remote":            {},
	"internal/blocks":            {ours: []string{"internal/console", "internal/wire"}},
	"internal/console":           {},
	"internal/look":              {ours: []string{"internal/complete", "report"}, other: []string{"github.com/spf13/cobra", "github.com/spf13/pflag"}},
	"internal/instant":           {ours: []string{"analyzer"}},
	"internal/progress":          {ours: []string{"analyzer/packet", "internal/input"}, other: []string{"github.com/schollz/progressbar/v3"}},
	"analyzer/internal/pool":     {},
	"analyzer/timing":            {},
	"analyzer/host":              {ours: []string{"fsm"}},
	"analyzer/internal/conn":     {ours: []string{"analyzer/host", "analyzer/internal/pool", "analyzer/timing", "reassembly", "internal/names", "internal/wire"}},
	"analyzer/internal/bulk":     {ours: []string{"analyzer/internal/conn", "analyzer/timing", "reassembly"}},
	"analyzer/internal/quantile": {ours: []string{"analyzer/internal/pool"}},
	"analyzer/internal/turn":     {ours: []string{"analyzer/internal/conn", "reassembly"}},
	"analyzer/internal/flight":   {ours: []string{"analyzer/internal/conn", "reassembly"}},
	"analyzer/internal/rtt":      {ours: []string{"analyzer/internal/conn", "analyzer/internal/quantile"}},
	"analyzer/internal/reading":  {ours: []string{"analyzer/internal/conn", "internal/wire"}},
	"analyzer/internal/segment":  {ours: []string{"analyzer/internal/bulk", "analyzer/internal/conn", "analyzer/internal/flight", "analyzer/internal/pool", "analyzer/internal/quantile", "analyzer/internal/reading", "analyzer/internal/rtt", "analyzer/internal/turn", "analyzer/timing", "reassembly", "internal/wire"}},
	"analyzer/internal/state":    {ours: []string{"analyzer/host", "analyzer/internal/conn", "fsm", "internal/wire"}},
	"analyzer/internal/wording":  {},
	"analyzer/internal/anomaly":  {ours: []string{"analyzer/host", "analyzer/internal/wording", "analyzer/internal/state", "analyzer/internal/segment", "analyzer/internal/conn", "fsm", "internal/wire"}},
	"analyzer/internal/intake":   {ours: []string{"analyzer/internal/conn", "internal/wire"}},
	"analyzer/internal/latest":   {ours: []string{"analyzer/internal/conn", "internal/wire"}},
	"analyzer/internal/reuse":    {ours: []string{"analyzer/internal/reading", "analyzer/internal/conn", "reassembly", "internal/wire"}},
	"analyzer/internal/flow": {ours: []string{"analyzer/internal/anomaly", "analyzer/internal/intake", "analyzer/internal/latest", "analyzer/internal/reading", "analyzer/internal/reuse", "analyzer/internal/state", "analyzer/internal/segment", "analyzer/internal/conn",
		"analyzer/internal/pool", "analyzer/timing", "fsm", "internal/names", "internal/wire"}},
	"analyzer/internal/pipeline": {ours: []string{"analyzer/internal/flow", "analyzer/internal/intake", "analyzer/internal/latest", "analyzer/internal/reading", "analyzer/internal/conn", "analyzer/packet", "internal/names", "internal/wire"}},
	"analyzer": {ours: []string{"analyzer/host", "analyzer/packet", "analyzer/internal/pipeline", "analyzer/internal/flow", "analyzer/internal/intake", "analyzer/internal/anomaly", "analyzer/internal/state", "analyzer/internal/reading",
		"analyzer/internal/conn", "analyzer/internal/pool", "fsm", "internal/topk", "reassembly", "internal/wire"}, other: gopacketTypes},
	"analyzer/apart": {ours: []string{"analyzer/internal/conn", "analyzer/internal/flow", "analyzer/internal/latest", "analyzer/internal/pipeline", "analyzer/packet", "internal/names", "internal/octets", "internal/wire"},
		other: []string{"github.com/klauspost/compress/zstd"}},
	"report/internal/human":           {ours: []string{"internal/console", "report/internal/output", "analyzer"}},
	"report/internal/output":          {ours: []string{"analyzer"}},
	"report/internal/record":          {ours: []string{"analyzer/host", "internal/dimension", "internal/names", "report/internal/output", "report/internal/human", "analyzer", "fsm", "analyzer/timing"}},
	"report/internal/record/generate": {},
	"report/internal/glossary":        {ours: []string{"report/internal/human", "report/internal/record", "analyzer"}},
	"report/internal/condition":       {ours: []string{"internal/displayfilter", "report/internal/record", "report/internal/human", "analyzer"}, other: []string{"github.com/expr-lang/expr", "github.com/expr-lang/expr/"}},
	"report/internal/story":           {ours: []string{"report/internal/human", "analyzer", "fsm", "analyzer/timing"}},
	"report/internal/ladder":          {ours: []string{"internal/console", "report/internal/story", "report/internal/output", "report/internal/human", "analyzer", "fsm"}},
	"report/internal/columnar":        {ours: []string{"report/internal/record"}, other: []string{"github.com/parquet-go/parquet-go/", "github.com/klauspost/compress/zstd"}},
	"report/internal/states":          {ours: []string{"internal/console", "report/internal/columnar", "report/internal/record", "report/internal/output", "report/internal/human", "analyzer", "fsm"}},
	"report/internal/transcript":      {ours: []string{"internal/console", "report/internal/output", "report/internal/human", "analyzer"}},
	"report/internal/sample":          {ours: []string{"analyzer"}},
	"report/internal/sums": {ours: []string{"internal/console", "internal/dimension", "internal/octets", "report/internal/record", "report/internal/output", "report/internal/human", "analyzer"},
		other: []string{"github.com/DataDog/sketches-go/"}},
	"report/internal/elastic": {ours: []string{"internal/dimension", "report/internal/record", "report/internal/output", "analyzer"}},
	"report": {ours: []string{"report/internal/columnar", "report/internal/condition", "report/internal/elastic", "report/internal/glossary", "report/internal/sums", "report/internal/states", "report/internal/ladder", "report/internal/story", "report/internal/transcript", "report/internal/record", "report/internal/output",
		"report/internal/human", "internal/console", "internal/dimension", "analyzer", "analyzer/timing", "fsm", "internal/topk"}, other: []string{"github.com/olekukonko/tablewriter", "github.com/olekukonko/tablewriter/"}},
	"internal/dimension":        {ours: []string{"analyzer", "analyzer/timing"}},
	"internal/where":            {},
	"internal/histogram":        {ours: []string{"internal/octets", "analyzer"}},
	"internal/bitset":           {ours: []string{"internal/octets"}},
	"internal/chance":           {},
	"internal/baseline":         {ours: []string{"internal/chance", "internal/octets", "analyzer"}},
	"internal/findings":         {ours: []string{"internal/baseline", "internal/bitset", "internal/chance", "internal/console", "internal/dimension", "internal/histogram", "internal/octets", "internal/where", "report", "analyzer", "analyzer/timing", "fsm"}},
	"internal/wireshark":        {ours: []string{"analyzer"}},
	"internal/anonymize":        {ours: []string{"analyzer/packet", "internal/input", "internal/wire"}, other: []string{"github.com/spf13/pflag"}},
	"internal/annotate":         {ours: []string{"internal/blocks", "internal/console", "internal/findings", "internal/names", "report", "analyzer"}},
	"internal/truth/invariant":  {ours: []string{"report", "analyzer", "fsm", "internal/wire", "analyzer/timing"}},
	"internal/live/capture":     {ours: []string{"analyzer/packet", "internal/console", "internal/filterlang", "internal/input", "internal/wire"}, other: append(anyOther, "kernel.org/")},
	"internal/live/dump":        {ours: []string{"analyzer/packet", "internal/blocks", "internal/input", "internal/wire"}, other: []string{"github.com/klauspost/compress/", "github.com/dustin/go-humanize"}},
	"internal/live":             {ours: []string{"internal/input", "analyzer", "analyzer/packet"}},
	"internal/live/feed":        {ours: []string{"analyzer/packet", "internal/input", "internal/shell"}},
	"internal/live/kernel":      {ours: []string{"analyzer/host", "fsm"}, other: []string{"github.com/cilium/ebpf", "github.com/cilium/ebpf/", "golang.org/x/sys/unix", "kernel.org/pub/linux/libs/security/libcap/cap"}},
	"internal/live/ends":        {ours: []string{"analyzer/host", "internal/live/kernel", "analyzer", "fsm"}},
	"internal/live/recent":      {ours: []string{"analyzer", "internal/wire"}},
	"internal/live/view":        {ours: []string{"analyzer/host", "internal/findings", "internal/live", "internal/live/kernel", "internal/live/recent", "report", "analyzer", "internal/wire", "fsm"}, other: []string{"charm.land/bubbletea/v2", "github.com/charmbracelet/", "golang.org/x/term"}},
	"internal/live/serve":       {},
	"internal/live/metrics":     {ours: []string{"internal/live", "internal/live/serve", "analyzer", "fsm", "internal/wire"}, other: []string{"github.com/prometheus/client_golang/"}},
	"internal/verify/record":    {},
	"internal/verify":           {ours: []string{"analyzer/host", "internal/live", "internal/live/capture", "internal/live/ends", "internal/live/kernel", "internal/verify/record", "analyzer", "fsm"}, other: []string{"golang.org/x/sys/unix"}},
	"internal/testutil/sources": {ours: []string{"analyzer/packet", "internal/input"}},
	"check/expect":              {ours: []string{"internal/dimension", "internal/console", "internal/verify/record", "report", "analyzer", "fsm", "internal/findings", "analyzer/timing"}, other: anyOther},
	"check/tcptracetest":        {ours: []string{"check", "check/expect", "report"}},
	"check":                     {ours: []string{"internal/console", "internal/remote", "check/expect", "internal/input", "report", "analyzer"}},
	"internal/twopass":          {ours: []string{"internal/input", "report", "analyzer", "analyzer/packet"}},
	"internal/ladders":          {ours: []string{"internal/console", "report", "analyzer"}},
	"internal/live/web":         {ours: []string{"internal/live", "internal/live/recent", "internal/live/serve", "internal/page", "report", "analyzer"}},
	"internal/page":             {ours: []string{"internal/console", "internal/live/recent", "internal/wire", "internal/dimension", "internal/findings", "internal/input", "internal/topk", "report", "analyzer", "analyzer/packet", "fsm"}},
	"internal/plot/paint":       {other: []string{"codeberg.org/go-fonts/liberation/", "golang.org/x/image/", "gonum.org/v1/plot/"}},
	"internal/plot": {ours: []string{"internal/dimension", "internal/instant", "internal/plot/paint", "report", "analyzer", "analyzer/packet", "fsm"},
		other: []string{"github.com/spf13/pflag"}},
	"internal/moment":       {ours: []string{"internal/instant", "internal/topk", "internal/twopass", "report", "analyzer"}},
	"internal/dialogue":     {ours: []string{"report", "analyzer"}},
	"internal/live/observe": {ours: []string{"internal/input", "internal/live", "internal/live/capture", "internal/live/dump", "internal/live/ends", "internal/live/kernel", "internal/live/metrics", "internal/live/serve", "internal/live/view", "internal/live/web", "internal/wire", "report", "analyzer", "analyzer/packet", "fsm"}},
	"internal/extract":      {ours: []string{"internal/anonymize", "internal/blocks", "internal/input", "internal/live/dump", "internal/remote", "analyzer", "analyzer/packet"}},
	"docs/program":          {ours: []string{"analyzer", "analyzer/capturefile"}},
	"cmd/tcptrace":          {ours: []string{"internal/build", "internal/extract", "internal/live/observe", "internal/dialogue", "internal/moment", "fsm", "internal/live/capture", "internal/live/kernel", "internal/live/ends", "internal/verify", "internal/verify/record", "check", "internal/live/dump", "check/expect", "internal/console", "internal/look", "internal/output", "internal/remote", "internal/progress", "internal/complete", "internal/flagerror", "internal/manual", "internal/flows", "internal/shell", "internal/names", "internal/dimension", "internal/instant", "internal/ladders", "internal/page", "internal/plot", "internal/twopass", "internal/interrupt", "internal/topk", "internal/live", "internal/live/metrics", "internal/live/serve", "internal/live/web", "internal/input", "internal/live/view", "internal/live/feed", "internal/wireshark", "internal/annotate", "internal/anonymize", "internal/blocks", "analyzer", "analyzer/packet", "report", "internal/findings"}, other: anyOther},
}

// TestLayers holds every import of every library file, whatever its build constraints, against layers.
func TestLayers(t *testing.T) {
	module := modulePath(t)
	seen := map[string]bool{}
	for _, f := range libraryFiles(t) {
		seen[f.pkg] = true
		l, ok := layers[f.pkg]
		if !ok {
			t.Errorf("package %s is not in the list of layers", f.pkg)
			continue
		}
		for _, spec := range f.syntax.Imports {
			name, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			ours, isOurs := strings.CutPrefix(name, module+"/")
			standard := !isOurs && !strings.Contains(strings.Split(name, "/")[0], ".")
			switch {
			case isOurs && !slices.Contains(l.ours, ours), !isOurs && !standard && !allowed(l.other, name):
				t.Errorf("%s imports %s: the layer of %s does not allow that", f.name, name, f.pkg)
			}
		}
	}
	for pkg := range layers {
		if !seen[pkg] {
			t.Errorf("the list of layers has a package %s that does not exist", pkg)
		}
	}
}

// largest is how many lines a package has at most: beyond that, what is cohesive in it becomes a package of its own.
const largest = 4000

// TestSizes: no package is so large that nobody finds anything in it.
func TestSizes(t *testing.T) {
	lines := map[string]int{}
	for _, f := range libraryFiles(t) {
		lines[f.pkg] += f.files.File(f.syntax.FileStart).LineCount()
	}
	for pkg, n := range lines {
		if n > largest {
			t.Errorf("package %s has %d lines: a part of it needs a package of its own", pkg, n)
		}
	}
	if lines["cmd/tcptrace"] < 1000 {
		t.Errorf("cmd/tcptrace has %d lines: this test counts the wrong thing", lines["cmd/tcptrace"])
	}
}

// TestPackagesAreExplained finds packages that nothing documents, that two files do, or that do not say what is not their job.
func TestPackagesAreExplained(t *testing.T) {
	docs := map[string][]string{}
	for _, f := range libraryFiles(t) {
		docs[f.pkg] = append(docs[f.pkg], f.syntax.Doc.Text())
	}
	delete(docs, "docs/program") // an example, which docs/library.md shows
	for pkg, of := range docs {
		of = slices.DeleteFunc(of, func(text string) bool {
			return !strings.HasPrefix(text, "Package ") && !strings.HasPrefix(text, "Command ")
		})
		if len(of) != 1 {
			t.Errorf("%d files document package %s, want one", len(of), pkg)
		} else if !strings.Contains(of[0], "Not its job:") && !strings.Contains(of[0], "Non-goals") {
			t.Errorf("package %s does not say what is not its job", pkg)
		}
	}
}

// modulePath is the name of the module, which whoever publishes it changes.
func modulePath(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(rootDir, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	name, ok := strings.CutPrefix(strings.SplitN(string(text), "\n", 2)[0], "module ")
	if !ok {
		t.Fatal("go.mod does not begin with the name of the module")
	}
	return name
}

// TestCommandIsOnTop finds in the list itself what it must never allow.
func TestCommandIsOnTop(t *testing.T) {
	for pkg, l := range layers {
		for _, dep := range l.ours {
			if strings.HasPrefix(dep, "cmd/") || dep == "analyzer/internal/pipeline" && pkg != "analyzer" && pkg != "analyzer/apart" {
				t.Errorf("%s may import %s", pkg, dep)
			}
			if slices.Contains(layers[dep].ours, pkg) {
				t.Errorf("%s and %s may import each other", pkg, dep)
			}
		}
	}
}

func allowed(list []string, name string) bool {
	return slices.ContainsFunc(list, func(l string) bool {
		return name == l || strings.HasSuffix(l, "/") && strings.HasPrefix(name, l)
	})
}

// concurrent are the packages that start goroutines and have channels. Everywhere else a reader may think of one thing at a time.
var concurrent = []string{"analyzer/internal/pipeline", "check", "check/expect", "internal/interrupt", "internal/live/capture", "internal/live/dump", "internal/live/feed", "internal/live", "internal/live/kernel", "internal/live/metrics", "internal/live/serve", "internal/live/web", "internal/output", "internal/remote", "internal/verify"}

func TestConcurrency(t *testing.T) {
	found := map[string]bool{}
	for _, f := range libraryFiles(t) {
		ast.Inspect(f.syntax, func(n ast.Node) bool {
			what := ""
			switch n := n.(type) {
			case *ast.GoStmt:
				what = "starts a goroutine"
			case *ast.ChanType:
				what = "has a channel type"
			case *ast.SelectStmt, *ast.SendStmt:
				what = "uses a channel"
			case *ast.SelectorExpr:
				if pkg, ok := n.X.(*ast.Ident); ok && pkg.Name == "sync" && n.Sel.Name == "WaitGroup" {
					what = "waits for goroutines"
				}
			}
			switch {
			case what == "":
			case slices.Contains(concurrent, f.pkg):
				found[f.pkg] = true
			default:
				t.Errorf("%s %s: only %v do", f.files.Position(n.Pos()), what, concurrent)
			}
			return true
		})
	}
	_, race, _ := strings.Cut(readDoc(t, "Makefile"), "\nrace:")
	race, _, _ = strings.Cut(race, "\n\n")
	for _, pkg := range concurrent {
		listed := func(pattern string) bool { return slices.Contains(strings.Fields(race), "./"+pattern) }
		if !listed(pkg) && !listed(pkg+"/...") && !listed(path.Dir(pkg)+"/...") {
			t.Errorf("make race leaves out %s", pkg)
		}
		if !found[pkg] {
			t.Errorf("%s has no goroutine: this test looks for the wrong thing", pkg)
		}
	}
}

type libraryFile struct {
	name   string // below the root of the module
	pkg    string // directory below the root
	files  *token.FileSet
	syntax *ast.File
}

// isModule reports whether a directory is a module of its own.
func isModule(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, "go.mod"))
	return err == nil
}

// libraryFiles parses every Go file of the module that is not a test.
func libraryFiles(t *testing.T) (list []libraryFile) {
	t.Helper()
	files := token.NewFileSet()
	root := os.DirFS(rootDir)
	err := fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && name != "." && (strings.HasPrefix(d.Name(), ".") || strings.HasPrefix(d.Name(), "_") || d.Name() == "testdata"):
			return fs.SkipDir
		case d.IsDir() && name != "." && isModule(filepath.Join(rootDir, name)):
			return fs.SkipDir
		case d.IsDir() || path.Ext(name) != ".go" || strings.HasSuffix(name, "_test.go"):
			return nil
		}
		syntax, err := parser.ParseFile(files, filepath.Join(rootDir, name), nil, parser.SkipObjectResolution|parser.ParseComments)
		list = append(list, libraryFile{name, path.Dir(name), files, syntax})
		return err
	})
	if err != nil || len(list) == 0 {
		t.Fatalf("no Go files read: %v", err)
	}
	return list
}
