package sums

import (
	"bytes"
	"math"
	"net/netip"
	"strings"
	"testing"
	"time"

	"tcptrace/analyzer"
	"tcptrace/internal/console"
	"tcptrace/internal/dimension"
	"tcptrace/report/internal/human"
	"tcptrace/report/internal/record"
)

// TestQuantile: it is within one percent of the value of its rank, for the shortest time and the longest.
func TestQuantile(t *testing.T) {
	var s sketch
	if s.quantile(50) != 0 {
		t.Error("of no times there is a quantile")
	}
	for i := range 1000 {
		s.add(time.Duration(i+1) * time.Millisecond)
	}
	for percent, want := range map[uint64]time.Duration{1: 10 * time.Millisecond, 50: 500 * time.Millisecond, 90: 900 * time.Millisecond, 99: 990 * time.Millisecond, 100: time.Second} {
		if got := s.quantile(percent); math.Abs(float64(got-want)) > Accuracy*float64(want)+1 {
			t.Errorf("%d %%: %v, want %v", percent, got, want)
		}
	}
	for _, d := range []time.Duration{0, 1, 2, longest, math.MaxInt64} {
		var s sketch
		s.add(d)
		if got := s.quantile(99); math.Abs(float64(got)-float64(min(max(d, 1), longest))) > Accuracy*float64(d)+1 || got < 0 {
			t.Errorf("%v: %v", d, got)
		}
	}
	for _, d := range []time.Duration{1, 20_100_000, 20_099_999, time.Second, longest} { // one time is itself, not what stands for its bin
		var s sketch
		s.add(d)
		if s.quantile(1) != d || s.quantile(50) != d || s.quantile(100) != d {
			t.Errorf("of %v alone: %v, %v, %v", d, s.quantile(1), s.quantile(50), s.quantile(100))
		}
		s.add(d + d/500)
		if got := s.quantile(99); d != longest && (got < d || got > d+d/500) {
			t.Errorf("of %v and a little more: %v", d, got)
		}
	}
	var two sketch
	two.add(time.Second)
	two.add(time.Hour)
	if half, most := two.quantile(50), two.quantile(90); half > 2*time.Second || most < 30*time.Minute {
		t.Errorf("of a second and an hour: %v and %v", half, most)
	}
}

// TestKeys: what values are made of does not make two groups one.
func TestKeys(t *testing.T) {
	for _, values := range [][]string{{"a", "b"}, {"ab", ""}, {"", "ab"}, {"", ""}, {strings.Repeat("x", 300), "\x00"}} {
		var key []byte
		for _, v := range values {
			key = append(append(key, varint(len(v))...), v...)
		}
		if got := split(string(key)); strings.Join(got, "|") != strings.Join(values, "|") || len(got) != len(values) {
			t.Errorf("%q: %q", values, got)
		}
	}
}

func varint(n int) []byte {
	if n < 128 {
		return []byte{byte(n)}
	}
	return []byte{byte(n) | 128, byte(n >> 7)}
}

// resets are sums of conversations that were reset, one of which failed.
func resets(t *testing.T, by string) *Sums {
	t.Helper()
	list, err := dimension.Parse(by)
	if err != nil {
		t.Fatal(err)
	}
	s := New(list, MostGroups)
	for i, outcome := range []analyzer.Outcome{analyzer.Refused, analyzer.Open} {
		c := analyzer.Conversation{Outcome: outcome, Addr: [2]netip.AddrPort{
			netip.MustParseAddrPort("192.0.2.1:40000"), netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, 0, byte(i)}), 443),
		}}
		c.Sent[0].PayloadBytes, c.Sent[0].HandshakeRTT, c.Sent[1].HandshakeRTT = 1000, time.Millisecond, time.Millisecond
		c.Sent[0].Lost, c.Sent[0].DataPackets, c.Sent[1].ZeroWindowTime = 1, 4, time.Second
		if err := s.Conversation(&c); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// TestWidth: on a narrow terminal what matters least is left out, and never a key, how many there are or how many failed.
// TestCaptured: what only the kernel of a host knows is nothing to ask a capture for, alone or beside other things.
func TestCaptured(t *testing.T) {
	for by, want := range map[string]string{"server": "", "interface,failure": "", "process": "process", "server,process": "process"} {
		s, err := Parse(by, 1)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Captured(); (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), "no capture has the "+want) {
			t.Errorf("%s: %v", by, err)
		}
	}
}

func TestWidth(t *testing.T) {
	s := resets(t, "server")
	last := math.MaxInt
	for width := 150; width > 20; width-- {
		var out bytes.Buffer
		if err := WriteTable(&out, s, Options{Width: width}); err != nil {
			t.Fatal(err)
		}
		head, _, _ := strings.Cut(out.String(), "\n")
		columns := len(strings.Fields(head))
		if columns > last {
			t.Errorf("%d columns have more than %d: %s", width, width+1, head)
		}
		last = columns
		if !strings.HasPrefix(head, "server") || !strings.Contains(head, "conversations") {
			t.Errorf("%d columns: %s", width, head)
		}
		for line := range strings.Lines(out.String()) {
			if n := len(strings.TrimRight(line, "\n")); n > width && width >= 40 {
				t.Errorf("%d columns: %d in %q", width, n, line)
			}
		}
		if width >= 40 && !strings.Contains(head, "failed") {
			t.Errorf("%d columns do not say what failed: %s", width, head)
		}
	}
}

// TestColor: it is there if it is asked for, and the columns stay in line.
func TestColor(t *testing.T) {
	s := resets(t, "server")
	var plain, styled bytes.Buffer
	if err := WriteTable(&plain, s, Options{}); err != nil {
		t.Fatal(err)
	}
	if err := WriteTable(&styled, s, Options{Color: true}); err != nil {
		t.Fatal(err)
	}
	bare := strings.NewReplacer("\x1b[31m", "", "\x1b[0m", "").Replace(styled.String())
	if strings.Contains(plain.String(), "\x1b") || !strings.Contains(styled.String(), "\x1b[31m") || bare != plain.String() {
		t.Errorf("plain\n%s, in colour\n%q", plain.String(), styled.String())
	}
}

// TestHostile: a value of a key is text on one line, whatever it is made of.
func TestHostile(t *testing.T) {
	r := row{values: []string{"a\nb\x1b[31m" + human.Red + "\u202ec"}}
	text := r.key(0, &dimension.Dimension{}, &Options{}, nil)
	if strings.ContainsAny(text, "\n\x1b\u202e") || console.Plain(text) != text {
		t.Errorf("%q", text)
	}
}

// A share of nothing and a quantile of nothing are not known; what was counted and is 0 is 0.
func TestZeroIsNotUnknown(t *testing.T) {
	list, err := dimension.Parse("outcome")
	if err != nil {
		t.Fatal(err)
	}
	s := New(list, MostGroups)
	for i, data := range []uint64{0, 4} {
		c := analyzer.Conversation{Outcome: analyzer.Outcome(i), Addr: [2]netip.AddrPort{netip.MustParseAddrPort("192.0.2.1:40000"), netip.MustParseAddrPort("192.0.2.2:80")}}
		c.Sent[0].DataPackets = data
		if data > 0 {
			c.Sent[0].RTT.P50 = time.Millisecond
		}
		if err := s.Conversation(&c); err != nil {
			t.Fatal(err)
		}
	}
	var out, table bytes.Buffer
	if err := WriteCSV(&out, s, Options{Sort: Key{by: 1}}); err != nil {
		t.Fatal(err)
	}
	rows := strings.Split(out.String(), "\n")
	heads, none, some := strings.Split(rows[0], ","), strings.Split(rows[2], ","), strings.Split(rows[1], ",")
	if none[0] == "closed" {
		none, some = some, none
	}
	for i, head := range heads {
		unknown := head == "loss_ratio" || strings.HasSuffix(head, "0_s") || strings.HasSuffix(head, "9_s")
		if (none[i] == "") != (unknown || head == "worst_anomaly" || head == "worst_anomaly_severity") {
			t.Errorf("%s of nothing: %q", head, none[i])
		}
		if want, known := map[string]string{"loss_ratio": "0", "lost_packets": "0", "zero_window_s": "0", "client_rtt_p50_s": "0.001", "server_rtt_p50_s": ""}[head]; known && some[i] != want {
			t.Errorf("%s: %q", head, some[i])
		}
	}
	if err := WriteTable(&table, s, Options{}); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(table.String(), "loss") {
		t.Errorf("a column of zeros: %s", table.String())
	}
	s.total.lost = 1
	for _, g := range s.groups {
		g.lost = g.sent / 4
	}
	table.Reset()
	if err := WriteTable(&table, s, Options{}); err != nil || !strings.Contains(table.String(), "25.00 %") || !strings.Contains(table.String(), "  -  ") {
		t.Errorf("%v: %s", err, table.String())
	}
}

// Tables show times as they were asked for; programs get them in UTC.
func TestTimes(t *testing.T) {
	was := time.Local
	time.Local = time.FixedZone("EST", -5*3600)
	t.Cleanup(func() { time.Local = was })
	first := analyzer.Time(time.Date(2026, 3, 2, 1, 30, 0, 500e6, time.UTC).UnixNano())
	for times, want := range map[human.Times][]string{
		human.UTC: {"2026-03-02T01:30:00Z", "2026-03-02T01:32:00Z"}, human.Local: {"2026-03-01T20:30:00-05:00", "2026-03-01T20:32:00-05:00"},
		human.Relative: {"-0.500", "119.500"}, human.Delta: {"-0.500", "120"}, human.Epoch: {"1772415000", "1772415120"},
	} {
		list, err := dimension.Parse("minute")
		if err != nil {
			t.Fatal(err)
		}
		s := New(list, MostGroups)
		s.In(times.Zone())
		for _, after := range []time.Duration{0, 2 * time.Minute} {
			if err := s.Conversation(&analyzer.Conversation{Start: first.Add(after)}); err != nil {
				t.Fatal(err)
			}
		}
		var table, programs bytes.Buffer
		start := record.Time(first)
		o := Options{Sort: Key{by: 1}, Times: times, Summary: record.SummaryRecord{Start: &start}}
		if err := WriteTable(&table, s, o); err != nil {
			t.Fatal(err)
		}
		if err := WriteNDJSON(&programs, s, o); err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(table.String(), "\n")
		for i, text := range want {
			if !strings.HasPrefix(lines[1+i], text+" ") {
				t.Errorf("%d: %q, want %s", times, lines[1+i], text)
			}
		}
		if !strings.Contains(programs.String(), `"2026-03-02T01:30:00Z"`) {
			t.Errorf("%d: %s", times, programs.String())
		}
	}
}
