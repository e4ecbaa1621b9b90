package main

import (
	"bytes"
	"encoding/binary"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"tcptrace/internal/truth/lab"
)

// hostileText is what a terminal, a browser, Markdown, Mermaid, a spreadsheet, a log or a CI system would obey.
const hostileText = "=1+1\x1b[31m\x07|`<b>\n```\n::error::x\n%%{init}\nend\tx\r\u202e\u009b\"',;#\xff"

// hostileCapture is a pcapng file in which all text that a capture can hold is hostileText: names and descriptions of interfaces, comments, programs,
// payload, and the text of an RST.
func hostileCapture(t testing.TB) string {
	t.Helper()
	payload := hex.EncodeToString([]byte(hostileText))
	s, err := lab.Parse("hostile", []byte("# Hostile text.\nclient 10.0.0.1:40000\nserver 10.0.0.2:80\n"+
		"+0 > S 0:0(0) win 64240 <mss 1460>\n+20ms < S. 0:0(0) win 64240 <mss 1460>\n+50us > . 1:1(0)\n"+
		"+1ms > P. hex "+clientHello(hostileText)+"\n+20ms < R. hex "+payload+"\n"))
	if err != nil {
		t.Fatal(err)
	}
	pcap, err := s.Capture()
	if err != nil {
		t.Fatal(err)
	}
	option := func(b []byte, code uint16) []byte {
		b = binary.LittleEndian.AppendUint16(binary.LittleEndian.AppendUint16(b, code), uint16(len(hostileText)))
		return append(append(b, hostileText...), make([]byte, (4-len(hostileText)%4)%4)...)
	}
	var file []byte
	block := func(kind uint32, body []byte) {
		size := uint32(12 + len(body))
		file = binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(file, kind), size)
		file = binary.LittleEndian.AppendUint32(append(file, body...), size)
	}
	section := append(binary.LittleEndian.AppendUint32(nil, 0x1a2b3c4d), 1, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255)
	for code := range uint16(4) { // comment, hardware, system, program
		section = option(section, 1+code)
	}
	block(0x0a0d0d0a, section)
	iface := option(option(option([]byte{1, 0, 0, 0, 0, 0, 4, 0}, 1), 2), 3)
	block(1, iface)
	for at := 24; at < len(pcap); {
		size := int(binary.LittleEndian.Uint32(pcap[at+8:]))
		us := uint64(binary.LittleEndian.Uint32(pcap[at:]))*1e6 + uint64(binary.LittleEndian.Uint32(pcap[at+4:]))/divisor(pcap)
		body := binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(make([]byte, 4), uint32(us>>32)), uint32(us))
		body = append(append(body, pcap[at+8:at+16]...), pcap[at+16:at+16+size]...)
		block(6, option(append(body, make([]byte, (4-size%4)%4)...), 1))
		at += 16 + size
	}
	path := filepath.Join(t.TempDir(), "hostile.pcapng")
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// clientHello is the bytes of one with a server name, in hexadecimal.
func clientHello(name string) string {
	sized := func(n int, body []byte) []byte {
		var size [4]byte
		binary.BigEndian.PutUint32(size[:], uint32(len(body)))
		return append(size[4-n:], body...)
	}
	server := append([]byte{0, 0}, sized(2, sized(2, append([]byte{0}, sized(2, []byte(name))...)))...)
	offered := append([]byte{0, 16}, sized(2, sized(2, sized(1, []byte(name))))...)
	body := append(append([]byte{3, 3}, make([]byte, 33)...), 0, 2, 0x13, 1, 1, 0)
	body = append(body, sized(2, append(server, offered...))...)
	return hex.EncodeToString(append([]byte{0x16, 3, 1}, sized(2, append([]byte{1}, sized(3, body)...))...))
}

// escapedEnd is the last byte of hostileText as a name has it, in a format.
func escapedEnd(args []string) string {
	if slices.Contains(args, "ndjson") {
		return `\\xff`
	}
	return `\xff`
}

// divisor turns what a pcap file counts below a second into microseconds.
func divisor(pcap []byte) uint64 {
	if binary.LittleEndian.Uint32(pcap) == 0xa1b23c4d {
		return 1000
	}
	return 1
}

// harmless fails if a terminal or a CI system would obey what is in text.
func harmless(t *testing.T, what, text string) {
	t.Helper()
	if !utf8.ValidString(text) {
		t.Errorf("%s is not UTF-8: %q", what, text)
	}
	for _, r := range text {
		if r != '\n' && r != '\t' && !unicode.IsGraphic(r) {
			t.Errorf("%s has %q: %q", what, r, text)
			return
		}
	}
}

// TestHostileCapture renders hostile text in every way that there is.
func TestHostileCapture(t *testing.T) {
	capture := hostileCapture(t)
	show := func(args ...string) string {
		t.Helper()
		code, stdout, stderr := tcptrace(t, env{}, append(args, capture)...)
		if code != exitDone || stdout == "" {
			t.Fatalf("%q: exit code %d: %s", args, code, stderr)
		}
		harmless(t, strings.Join(args, " ")+": standard error", stderr)
		return stdout
	}
	for _, args := range [][]string{
		{"--format", "table"}, {"--format", "long"}, {"--format", "json"}, {"--format", "ndjson"}, {"--format", "csv"}, {"--format", "zeek"}, {"--format", "elastic"},
		{"timeline"}, {"timeline", "--ascii"}, {"timeline", "--format", "mermaid"}, {"timeline", "--format", "ndjson"}, {"follow", "--stream", "0", "--as", "hex"},
		{"states", "--at", "+0.01s"}, {"states", "--at", "+0.01s", "--format", "csv"}, {"states", "--at", "+0.01s", "--format", "json"}, {"states", "--every", "10ms"},
		{"states", "--every", "10ms", "--format", "csv"}, {"replay", "--speed", "max", "--format", "ndjson"},
	} {
		wellFormed(t, strings.Join(args, " "), args[len(args)-1], show(args...))
	}
	if ladder := show("timeline"); !strings.Contains(ladder, `\x1b[31m`) {
		t.Errorf("the text of the RST is not shown: %s", ladder)
	}
	for _, args := range [][]string{{"--format", "table"}, {"--format", "long"}, {"--format", "ndjson"}, {"--format", "csv"}, {"timeline"}} {
		if text := show(args...); !strings.Contains(text, `',;#`+escapedEnd(args)) {
			t.Errorf("%q: the name of the server is not shown: %s", args, text)
		}
	}
	followed := show("follow", "--stream", "0", "--as", "text")
	if harmless(t, "follow", followed); !strings.Contains(followed, `=1+1\x1b[31m\a|`) {
		t.Errorf("%q", followed)
	}
	// On a terminal nothing is painted that is not ours to paint.
	t.Setenv("NO_COLOR", "")
	own := regexp.MustCompile(`\x1b\[(0|1|31|33)m`)
	for _, args := range [][]string{{"--format", "table"}, {"timeline"}, {"follow", "--stream", "0", "--as", "text"}} {
		_, painted, _ := tcptrace(t, env{outTTY: true, width: 100}, append(args, capture)...)
		_, plain, _ := tcptrace(t, env{outTTY: true, width: 100}, append(args, "--no-color", capture)...)
		if rest := own.ReplaceAllString(painted, ""); rest != plain || rest == painted {
			t.Errorf("%q: %q\nwithout colours: %q", args, painted, plain)
		}
	}
	expectation(t, capture)
}

// wellFormed expects text to be what its format says, and harmless.
func wellFormed(t *testing.T, what, format, text string) {
	t.Helper()
	harmless(t, what, text)
	switch format {
	case "mermaid":
		mermaid(t, text)
	case "csv":
		noFormulas(t, text)
	case "zeek":
		countZeek(t, text)
	case "json":
		if !json.Valid([]byte(text)) {
			t.Errorf("%s is no JSON: %s", what, text)
		}
	case "ndjson", "elastic":
		for line := range strings.Lines(text) {
			if !json.Valid([]byte(line)) {
				t.Errorf("%s: a line is no JSON: %s", what, line)
			}
		}
	}
}

var (
	mermaidLine  = regexp.MustCompile(`^    (participant [CS] as|Note (over C,S|left of C|right of S):|[CS](->>|-x)[CS]:) (.*)$`)
	mermaidWords = regexp.MustCompile(`^(?:[-A-Za-z0-9 .,:()+_/=\[\]*'µ]|#[0-9]+;|<br/>)*$`)
)

// mermaid expects diagrams, each in a block, of lines that Mermaid takes for what they are.
func mermaid(t *testing.T, text string) {
	t.Helper()
	for block := range strings.SplitSeq(text, "\n\n") {
		lines := strings.Split(strings.TrimSuffix(block, "\n"), "\n")
		if len(lines) < 4 || lines[0] != "```mermaid" || lines[1] != "sequenceDiagram" || lines[len(lines)-1] != "```" {
			t.Fatalf("mermaid: %s", text)
		}
		for _, l := range lines[2 : len(lines)-1] {
			m := mermaidLine.FindStringSubmatch(l)
			if m == nil || !mermaidWords.MatchString(m[4]) || slices.Contains(strings.Fields(m[4]), "end") {
				t.Errorf("mermaid: %s", l)
			}
		}
	}
}

var signedNumber = regexp.MustCompile(`^[-+][0-9.]+$`)

// noFormulas expects a table without a cell that a spreadsheet would run.
func noFormulas(t *testing.T, text string) {
	t.Helper()
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatalf("csv: %v: %s", err, text)
	}
	for _, row := range rows {
		for _, cell := range row {
			if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) && !signedNumber.MatchString(cell) {
				t.Errorf("csv: the cell %q", cell)
			}
		}
	}
}

// expectation writes what check --init makes of a capture, and holds the capture against it.
func expectation(t *testing.T, capture string) {
	t.Helper()
	for _, args := range [][]string{{"check", "--init"}, {"check", "--verbose"}} {
		code, stdout, stderr := tcptrace(t, env{}, append(args, capture)...)
		if code != exitDone {
			t.Errorf("%q: exit code %d: %s%s", args, code, stdout, stderr)
		}
		harmless(t, strings.Join(args, " "), stdout+stderr)
	}
	text, err := os.ReadFile(strings.TrimSuffix(capture, ".pcapng") + ".expect.yaml")
	if err != nil || !bytes.Contains(text, []byte(`x1b[31m`)) {
		t.Errorf("%v: %s", err, text)
	}
	harmless(t, "the expectation", string(text))
}
