package report

import (
	"bytes"
	"encoding/csv"
	"maps"
	"slices"
	"strings"
	"testing"

	"tcptrace/analyzer"
	"tcptrace/report/internal/human"
	"tcptrace/report/internal/output"
	"tcptrace/report/internal/sample"
)

// csvOf is the CSV of all samples, as rows of cells.
func csvOf(t *testing.T, columns ...string) [][]string {
	t.Helper()
	var asked *Columns
	if columns != nil {
		var err error
		if asked, err = ParseColumns(columns); err != nil {
			t.Fatal(err)
		}
	}
	var out bytes.Buffer
	write(t, NewCSVOf(&out, asked), fielded(), sample.Summary())
	rows, err := csv.NewReader(&out).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// fielded are conversations with some fields more than the samples have: one is known, one half, the others not at all.
func fielded() []analyzer.Conversation {
	cs := sample.Conversations()
	for side := range cs[0].Sent {
		s := &cs[0].Sent[side]
		s.HandshakeRTT, s.DataPackets, s.Lost = 20e6, 40, 1
	}
	s := &cs[0].Sent[analyzer.Server]
	s.RTT.Samples, s.RTT.Min, s.RTT.P95 = 3, 5e6, 90e6
	cs[1].Sent[analyzer.Client].HandshakeRTT = 1e6
	return cs
}

// Every usual column of CSV is a field by that name, and spelled alike.
func TestColumnsOfCSVAreFields(t *testing.T) {
	usual := csvOf(t)
	asked := csvOf(t, usual[0]...)
	for i := range usual {
		for k, cell := range usual[i] {
			got := asked[i][k]
			if zero := cell == "0" || cell == "0.000000000"; got != cell && !(zero && got == "") && usual[0][k] != "alpn" {
				t.Errorf("row %d, %s: %q asked for, %q usually", i, usual[0][k], got, cell)
			}
		}
	}
}

func TestColumnsOfCSVAddAndDrop(t *testing.T) {
	usual, got := csvOf(t), csvOf(t, "+client.rtt_p95_s", "-history", "+server_rtt_p95_s", "+stream")
	want := append(slices.DeleteFunc(slices.Clone(usual[0]), func(name string) bool { return name == "history" }), "client.rtt_p95_s", "server_rtt_p95_s")
	if !slices.Equal(got[0], want) {
		t.Errorf("%q, want %q", got[0], want)
	}
	if n := len(want); got[2][n-1] == got[1][n-1] {
		t.Errorf("the server's round trip is not its own: %q", got)
	}
}

func TestComputedFields(t *testing.T) {
	rows := csvOf(t, "stream", "rtt", "loss", "endpoints.client.sent.rtt_p95_s", "server_rtt_p95_s")
	for _, row := range rows {
		if row[0] == "0" && (row[1] != "0.025" || row[3] != "" || row[4] != "0.09") {
			t.Errorf("%q: the round trip is 20 ms and 5 ms, which are less than 20 ms", row)
		}
		if row[0] != "0" && row[0] != "stream" && row[1] != "" {
			t.Errorf("%q: half a round trip is shown as a whole one", row)
		}
	}
}

func TestParseField(t *testing.T) {
	for name, path := range map[string]string{
		"rtt": "rtt_s", "client_rtt_p95_s": "endpoints.client.sent.rtt_p95_s", "server.state": "endpoints.server.state", "client_ip": "client.ip",
		"limit_factor": "limit.factor", "idle_s": "time.idle_s", "cause": "close.cause", "anomalies": "anomalies", "close.time": "close.time",
	} {
		if f, err := ParseField(name); err != nil || f.path != path || f.Name != name {
			t.Errorf("%s: %v, %v", name, f, err)
		}
	}
	for name, hint := range map[string]string{
		"rt": "rtt", "clint": "client", "client_rtt_p94_s": "endpoints.client.sent.rtt_p95_s", "endpoints": "", "close": "", "nonsense-at-all": "tcptrace fields", "": "", "client.ip.x": "", "client_": "",
	} {
		f, err := ParseField(name)
		if err == nil || !strings.Contains(err.Error(), hint) {
			t.Errorf("%q: %v, %v, want %s", name, f, err, hint)
		}
	}
	for _, name := range FieldNames() {
		if _, err := ParseField(name); err != nil {
			t.Error(err)
		}
	}
}

func TestParseColumnsRefusesHalfOfAList(t *testing.T) {
	for _, names := range [][]string{{"+rtt", "loss"}, {"rtt", "-loss"}, {"--rtt"}, {"+-rtt"}, {"+"}, {""}} {
		if c, err := ParseColumns(names); err == nil {
			t.Errorf("%q: %v", names, c)
		}
	}
}

// What was asked for is shown at any width, and in the order in which it was asked for; of the rest what fits.
func TestTableColumns(t *testing.T) {
	table := func(width int, names ...string) (heads []string, grid string) {
		t.Helper()
		asked, err := ParseColumns(names)
		if err != nil {
			t.Fatal(err)
		}
		grid = gridOf(tableOf(t, TableOptions{Width: width, Columns: asked}, fielded()))
		return strings.Fields(strings.SplitN(grid, "\n", 2)[0]), grid
	}
	if heads, grid := table(40, "loss", "rtt", "stream", "server_rtt_p95_s"); !slices.Equal(heads, []string{"loss", "rtt", "#", "server", "rtt", "p95"}) ||
		!strings.Contains(grid, "2.5 %  25.0 ms  0         90.0 ms") {
		t.Errorf("%q\n%s", heads, grid)
	}
	heads, grid := table(0, "+server_rtt_p95_s", "-packets", "-client_state", "-worst_anomaly")
	if line := strings.Join(heads, " "); !strings.Contains(line, "server is server rtt p95 outcome") || strings.Contains(line, "pkts") || strings.Contains(line, "client is") ||
		strings.Contains(line, "anomaly") || !strings.Contains(line, "data > < data") {
		t.Errorf("%q\n%s", heads, grid)
	}
	if heads, _ := table(human.MinWidth, "+history", "+outcome"); !slices.Contains(heads, "history") || !slices.Contains(heads, "outcome") {
		t.Errorf("%q", heads)
	}
}

// What is not known is last in either direction.
func TestSortByField(t *testing.T) {
	for key, first := range map[string]uint64{"rtt": 0, "-rtt": 0, "server_rtt_p95_s": 0, "-loss_ratio": 0} {
		k, err := ParseKey(key)
		if err != nil {
			t.Fatal(err)
		}
		for _, limit := range []int{0, 1} {
			c := NewCollector(k, limit)
			cs := fielded()
			slices.Reverse(cs)
			for i := range cs {
				_ = c.Conversation(&cs[i])
			}
			if got := c.Sorted(); got[0].Stream != first {
				t.Errorf("%s, limit %d: first stream %d", key, limit, got[0].Stream)
			}
		}
	}
}

func TestPercent(t *testing.T) {
	for share, want := range map[float64]string{0: "0 %", 0.00009: "< 0.01 %", 0.0001: "0.01 %", 0.0099: "0.99 %", 0.01: "1.0 %", 0.0999: "10.0 %", 0.1: "10 %", 1: "100 %"} {
		if got := percent(share); got != want {
			t.Errorf("%v: %s, want %s", share, got, want)
		}
	}
}

func TestTimes(t *testing.T) {
	cs := sample.Conversations()[:3]
	for times, want := range map[Times]string{UTC: "01:02:03.500", Relative: "0.500", Delta: "0.500", Epoch: "1795222923.500"} {
		var out bytes.Buffer
		write(t, NewTable(&out, TableOptions{Times: times}), cs, &analyzer.Summary{Packets: 3, TCP: 3, Start: cs[0].Start})
		if !strings.Contains(out.String(), " "+want+" ") {
			t.Errorf("%d: no %s\n%s", times, want, out.String())
		}
	}
}

// Whatever a column is called, a condition either takes the name, or says what it takes instead, and takes that.
func TestConditionsKnowColumns(t *testing.T) {
	names := append(FieldNames(), slices.Collect(maps.Keys(shortNames))...)
	names = append(names, slices.Collect(maps.Keys(computed))...)
	for _, name := range names {
		_, err := CompileWhere(name + " == nil")
		if err == nil {
			continue
		}
		_, rest, ok := strings.Cut(err.Error(), "did you mean ")
		if instead, _, found := strings.Cut(rest, "?"); ok && found {
			for or := range strings.SplitSeq(instead, " or ") {
				_, noCondition := CompileWhere(or)
				_, noField := CompileWhere("let x = " + or + "; true")
				if noCondition != nil && noField != nil {
					t.Errorf("%s: %s: %v", name, or, noField)
				}
			}
		} else if strings.Contains(err.Error(), "unknown field") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A column may be asked for, and sorted by, as the table heads it.
func TestParseFieldOfHeads(t *testing.T) {
	for i := range columns {
		c := &columns[i]
		f, err := ParseField(c.head)
		if err != nil || !slices.Contains(c.names, f.path) {
			t.Errorf("%q: %v, %v, want one of %q", c.head, f, err, c.names)
		}
	}
	for _, name := range []string{"client_rtt_p95_s", "retransmitted_packets", "endpoints.server.sent.zero_windows", "process.name", "client_port"} {
		f, err := ParseField(name)
		if err != nil {
			t.Fatal(err)
		}
		if g, err := ParseField(f.head()); err != nil || g.path != f.path {
			t.Errorf("%q, which heads %s: %v, %v", f.head(), name, g, err)
		}
	}
	for _, name := range []string{"ended by whom", " ", "pkts < >", "client rtt p96"} {
		if f, err := ParseField(name); err == nil {
			t.Errorf("%q is taken for %s", name, f.path)
		}
	}
	if _, err := ParseKey("-ended by"); err != nil {
		t.Error(err)
	}
}

// What was measured and is 0 is 0, and what is not known is empty: in a table and in CSV, for columns that are there and for those that were asked for.
func TestZeroIsNotUnknown(t *testing.T) {
	c := sample.Conversations()[0]
	quick := c
	quick.Quick = true
	client := &c.Sent[analyzer.Client]
	client.DataPackets, client.RTT.Samples, client.FINs = 3, 1, 0
	const names = "client_retransmitted_packets,client_fin_packets,client_loss_ratio,client_zero_window_s,client_rtt_min_s,client_rtt_samples,client_segment_min_bytes,time.opening_s," +
		"dropped,server_rtt_min_s,server_loss_ratio,client_mss_bytes,client_handshake_rtt_s,server_think_max_s,server_rtt_samples,vlan"
	for _, test := range []struct {
		what       string
		c          analyzer.Conversation
		csv, table string
	}{
		{"all read", c, "0,0,0,0,0,1,0,0,0,,,,,,0,", "0|0|0 %|0 s|0 s|1|0 B|0 s|0||||||0|"},
		{"quick", quick, ",,,,,,,,0,,,,,,,", "||||||||0|||||||"},
	} {
		of := judged{}
		of.begin(&test.c)
		var row []byte
		var texts []string
		for name := range strings.SplitSeq(names, ",") {
			f, err := ParseField(name)
			if err != nil {
				t.Fatal(err)
			}
			row = f.appendCSV(row, &of, &output.Clock{})
			got := f.of(&of)
			texts = append(texts, f.text(&view{}, &got))
		}
		if string(row[1:]) != test.csv {
			t.Errorf("%s: %s, want %s", test.what, row[1:], test.csv)
		}
		if got := strings.Join(texts, "|"); got != test.table {
			t.Errorf("%s: %s, want %s", test.what, got, test.table)
		}
	}
}
