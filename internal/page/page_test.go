package page

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"tcptrace/analyzer"
	"tcptrace/analyzer/packet"
	"tcptrace/internal/input"
	"tcptrace/internal/testutil/thorough"
)

// write makes the page of a capture as the command does.
func write(t *testing.T, details int, files ...string) string {
	t.Helper()
	return writeFrom(t, details, files, func() input.Source { return input.Open(files, input.Options{}) })
}

// writeFrom is write for captures that are opened in another way.
func writeFrom(t testing.TB, details int, files []string, source func() input.Source) string {
	t.Helper()
	p := New(Options{Files: files, Words: strings.Join(files, " "), Details: details, Command: func(where string, _ *uint64) string { return where }})
	choice := analyzer.Choice{}
	open := func() input.Source { return p.Source(source()) }
	s, err := choice.Read(context.Background(), open(), finder{p, &choice})
	if err != nil {
		t.Fatal(err)
	}
	if err := choice.Watch(context.Background(), open(), p.See); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := p.Write(&out, &s, false); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

type finder struct {
	*Page
	choice *analyzer.Choice
}

func (f finder) Conversation(c *analyzer.Conversation) error {
	if f.Wants(c) {
		f.choice.Take(c)
		f.Take(c)
	} else {
		f.choice.Leave(c)
	}
	return nil
}

var block = regexp.MustCompile(`(?s)<script type="application/json" id="([a-z0-9-]+)">(.*?)</script>`)

// blocks are the data of a page, by their ids.
func blocks(t testing.TB, page string) map[string]map[string]any {
	t.Helper()
	data := map[string]map[string]any{}
	for _, m := range block.FindAllStringSubmatch(page, -1) {
		var v map[string]any
		if err := json.Unmarshal([]byte(m[2]), &v); err != nil {
			t.Fatalf("%s: %v", m[1], err)
		}
		data[m[1]] = v
	}
	return data
}

func pcap(name string) string { return "../../testdata/pcaps/" + name + ".pcap" }

func TestPage(t *testing.T) {
	text := write(t, MostDetails, pcap("showcase"))
	data := blocks(t, text)
	if n := data["data"]["rows"].(map[string]any)["n"].(float64); n != 6 {
		t.Errorf("%v rows", n)
	}
	if n := len(data["data"]["findings"].([]any)); n != 4 {
		t.Errorf("%d findings", n)
	}
	refused := data["data"]["findings"].([]any)[1].(map[string]any)
	if got := fmt.Sprint(refused["id"], refused["when"]); got != "refused[1.75922e+08 1.75922e+08]" { // when the RST came
		t.Error(got)
	}
	if len(data) != 2+6 {
		t.Errorf("%d blocks of data", len(data))
	}
	if n := len(data["stream-0"]["segments"].(map[string]any)["t"].([]any)); n != 11 {
		t.Errorf("%d segments", n)
	}
	if len(text) > 300_000 {
		t.Errorf("the page has %d bytes", len(text))
	}
}

// TestFindingsHaveRows: a finding names as many rows as it says there are conversations.
func TestFindingsHaveRows(t *testing.T) {
	data := blocks(t, write(t, 0, pcap("showcase"), pcap("fast-retransmit"), pcap("close-wait-lingering")))["data"]
	for _, f := range data["findings"].([]any) {
		f := f.(map[string]any)
		if n := len(f["rows"].([]any)); float64(n) != f["conversations"] {
			t.Errorf("%s: %d rows of %v", f["id"], n, f["conversations"])
		}
	}
	if len(data["details"].([]any)) != 0 {
		t.Error("details that nobody wanted")
	}
}

// TestDetailsLimit: the gravest come first.
func TestDetailsLimit(t *testing.T) {
	data := blocks(t, write(t, 2, pcap("showcase")))
	if len(data) != 2+2 || data["stream-0"] != nil || data["stream-1"] != nil {
		t.Errorf("%d blocks of data", len(data))
	}
}

// TestNothing: a capture without packets has a page, too.
func TestNothing(t *testing.T) {
	name := t.TempDir() + "/empty.pcap"
	head := []byte{0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 96, 0, 0, 0, 1, 0, 0, 0}
	if err := os.WriteFile(name, head, 0o600); err != nil {
		t.Fatal(err)
	}
	if data := blocks(t, write(t, MostDetails, name)); len(data) != 2 {
		t.Errorf("%d blocks of data", len(data))
	}
}

// TestScriptIsLocal: nothing in the script makes markup of text or asks anything of a network.
func TestScriptIsLocal(t *testing.T) {
	a, err := ofFile()
	if err != nil {
		t.Fatal(err)
	}
	script := string(a.script)
	for _, word := range []string{"innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function", "fetch(", "XMLHttpRequest", "WebSocket", "EventSource", "import(", "importScripts", "localStorage", "</script", "<!--"} {
		if strings.Contains(script, word) {
			t.Errorf("the script has %q", word)
		}
	}
	if links := regexp.MustCompile(`https?://[^"]*`).FindAllString(script, -1); len(links) != 1 || links[0] != "http://www.w3.org/2000/svg" {
		t.Errorf("links: %v", links)
	}
	if strings.Contains(string(a.style), "url(") || strings.Contains(string(a.style), "@import") {
		t.Error("the style loads something")
	}
	if regexp.MustCompile(`(?m)^(import|export)\b`).MatchString(script) {
		t.Error("an import or an export is left")
	}
}

// TestLiveScript: the script of a live page makes no markup either, and asks only where it came from, for events.
func TestLiveScript(t *testing.T) {
	var page strings.Builder
	policy, err := Shell(&page, "</title><script>")
	if err != nil {
		t.Fatal(err)
	}
	text := page.String()
	if !strings.Contains(policy, "default-src 'none'; script-src 'sha256-") || !strings.Contains(policy, "; connect-src 'self';") || strings.Contains(text, "</title><script>") {
		t.Errorf("policy %q", policy)
	}
	for word, want := range map[string]int{"innerHTML": 0, "fetch(": 0, "XMLHttpRequest": 0, "WebSocket": 0, "new EventSource(": 1, "localStorage": 0, "application/json": 0} {
		if n := strings.Count(text, word); n != want {
			t.Errorf("%d times %q", n, word)
		}
	}
}

// TestModulesInOrder: a module stands behind those that it imports.
func TestModulesInOrder(t *testing.T) {
	seen := map[string]bool{}
	for _, name := range append(modules[:len(modules):len(modules)], live) {
		text, err := assets.ReadFile("assets/" + name + ".mjs")
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range imports.FindAllStringSubmatch(string(text), -1) {
			if !seen[m[2]] {
				t.Errorf("%s imports %s, which is behind it", name, m[2])
			}
		}
		seen[name] = true
	}
	all, err := assets.ReadDir("assets")
	if err != nil || len(all) != len(seen)+2 {
		t.Errorf("%d assets for %d modules: %v", len(all), len(modules), err)
	}
}

// TestLogic runs the tests of the script's logic, where there is a Node.
func TestLogic(t *testing.T) {
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("no node: Debian's package nodejs has it")
	}
	if out, err := exec.Command(node, "--test", "testdata/js/").CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestEncoderEscapes(t *testing.T) {
	var b strings.Builder
	p := New(Options{Title: "</title><script>alert(1)</script>", Files: []string{"</script><img src=x onerror=alert(1)>\u2028"}, Command: func(string, *uint64) string { return "" }})
	if err := p.Write(&b, &analyzer.Summary{}, false); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(b.String(), "alert(1)</script>") || strings.Contains(b.String(), "<img") || strings.ContainsRune(b.String(), '\u2028') {
		t.Error("markup from outside is markup in the page")
	}
}

// TestTextsAreBounded: there is room for the texts of some RSTs, not of all that may come.
// TestTurnsNothing: a name with characters that are not seen, or that turn round what follows, shows them; what is copied has them as they are.
func TestTurnsNothing(t *testing.T) {
	const name = "\u202egpj.\x01pcap\u2066"
	p := New(Options{Title: name, Files: []string{name}, Words: name})
	var out bytes.Buffer
	if err := p.Write(&out, &analyzer.Summary{}, false); err != nil {
		t.Fatal(err)
	}
	data := blocks(t, out.String())["data"]
	for what, got := range map[string]any{"title": data["title"], "files": data["files"].([]any)[0]} {
		if want := `\u202egpj.\x01pcap\u2066`; got != want {
			t.Errorf("%s: %q, want %q", what, got, want)
		}
	}
	if data["words"] != name || strings.Count(out.String(), "\u202e") != 1 {
		t.Errorf("words: %q", data["words"])
	}
}

func TestTextsAreBounded(t *testing.T) {
	p := New(Options{})
	p.view.Flags, p.view.Kind = "R", analyzer.KindRST
	var d detail
	d.levels = []thinner{{all: true}}
	for _, test := range []struct {
		text string
		room int
	}{{"bye", 3}, {"ciao", 3}} {
		p.view.Text, p.room = test.text, test.room
		d.add(p, &analyzer.Reading{Segment: &packet.Segment{}})
	}
	if got := p.notes.list; len(got) != 1 || got[0] != `"bye"` {
		t.Errorf("%q", got)
	}
}

// TestNoticed: of each kind of anomaly the page says in how many conversations it is, from when to when, and what the first of all is.
func TestNoticed(t *testing.T) {
	files := []string{pcap("fast-retransmit"), pcap("loss-not-repaired")}
	kinds := map[string]map[string]any{}
	for _, k := range blocks(t, write(t, MostDetails, files...))["data"]["anomalies"].([]any) {
		kinds[k.(map[string]any)["id"].(string)] = k.(map[string]any)
	}
	loss := kinds["packet-loss"]
	if got := fmt.Sprintf("%v %.0f %v %s", loss["n"], loss["when"], loss["stream"], loss["detail"]); got != "2 [23000 121973000] 1 1 of 5 packets of the server with data was lost before the tap; not repaired so far" {
		t.Error(got)
	}
}

// TestSmall: the page of a golden capture has less than 300 kB.
func TestSmall(t *testing.T) {
	names, err := filepath.Glob(pcap("*"))
	if err != nil || len(names) < 200 {
		t.Fatalf("%d captures, %v", len(names), err)
	}
	for _, name := range thorough.Some(t, names, 1) {
		if size := len(write(t, MostDetails, name)); size >= 300_000 {
			t.Errorf("%s: %d bytes", name, size)
		}
	}
}

// TestWorstComesFirst: the table of the page names the anomaly that the terminal's does, which tells more of the failure than one as grave before it.
func TestWorstComesFirst(t *testing.T) {
	data := blocks(t, write(t, 0, pcap("showcase")))["data"]
	rows, sets, kinds := data["rows"].(map[string]any), data["sets"].([]any), data["anomalies"].([]any)
	set := sets[int(rows["set"].([]any)[5].(float64))].([]any)
	if got := kinds[int(set[0].(float64))].(map[string]any)["id"]; got != "handshake-incomplete" || len(set) != 2 {
		t.Errorf("first of %d: %v", len(set), got)
	}
	if set := sets[int(rows["set"].([]any)[0].(float64))].([]any); len(set) != 0 {
		t.Errorf("a conversation without anomalies has %v", set)
	}
}
