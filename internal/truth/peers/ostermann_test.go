package peers

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"tcptrace/analyzer"
	"tcptrace/internal/input"
	"tcptrace/report"
)

// ostermann is where Debian's package puts his program; ours has the same name.
const ostermann = "/usr/bin/tcptrace"

// column is where his CSV has a statistic, if that is not his name with underscores.
var columns = map[string]string{
	"initial_window_bytes":   "initial_window_bytes",
	"initial_window_packets": "initial_window_pkts",
	"rtt_full_stdev_s":       "RTT full_sz_stdev", // as he spells it
}

// slashed are two of ours in one of his.
var slashed = map[string]int{"syn_packets": 0, "fin_packets": 1, "window_scaling": 0, "timestamps": 1}

// scale is what his column counts, in our units.
func scale(s *report.Statistic) (factor, tolerance float64) {
	switch {
	case s.Unit != report.Seconds:
		return 1, 0.5
	case s.Name == "data_time_s":
		return 1, 0.0015
	}
	return 1e-3, 0.00011
}

// his reads his report: for each connection his columns by name.
func his(t *testing.T, path string) (conns []map[string]string) {
	t.Helper()
	out, err := exec.Command(ostermann, "--csv", "-l", "-r", "-n", "-W", path).Output()
	if err != nil {
		t.Logf("%s: %v", path, err) // he gives up on some captures
		return nil
	}
	r := csv.NewReader(bytes.NewReader(out))
	r.Comment, r.FieldsPerRecord, r.TrimLeadingSpace, r.LazyQuotes = '#', -1, true, true
	rows, err := r.ReadAll()
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	if len(rows) == 0 {
		return nil
	}
	for _, row := range rows[1:] {
		conn := map[string]string{}
		for i, name := range rows[0] {
			if i < len(row) {
				conn[name] = strings.TrimSpace(row[i])
			}
		}
		conns = append(conns, conn)
	}
	return conns
}

type socket struct {
	IP   string `json:"ip"`
	Port int    `json:"port"`
}

type conversation struct {
	Client, Server socket
	Roles          string
	Endpoints      map[string]struct{ Sent map[string]any }
	Anomalies      []struct{ ID string }
}

// passedBy are captures that he does not read as they are.
var passedBy = map[string]string{
	"tso.pcap":                          "he drops packets with an IP length of 0",
	"fragments.pcap":                    "he takes the first fragment for the packet",
	"fragment-overlap.pcap":             "he does, and does not refuse it",
	"fragments-captured-twice.pcap":     "he does",
	"rst-with-text.pcap":                "he takes the text of an RST for data (RFC 9293 3.5.3)",
	"only-first-fragments.pcap":         "he takes the first fragment for the packet; here it waits for the others",
	"keep-alive-at-start.pcap":          "he takes the octet of a keep-alive for data if the capture begins with it",
	"keep-alive-timeout-one-sided.pcap": "he does",
	"rst-text-hostile.pcap":             "he takes the text of an RST for data (RFC 9293 3.5.3)",
	"fin-forged-bare.pcap":              "he takes a FIN without ACK, which nobody takes, for the end of the data",
	"fin-out-of-place.pcap":             "he takes FINs out of place for the end of the data",
	"fin-far-off-with-data.pcap":        "he takes a FIN with data out of place for part of the stream",
	"fin-without-ack.pcap":              "he takes a FIN without ACK, which nobody takes, for the end of the data",
}

// apart reports whether he counts segments that are not of the conversation, or count once to us.
func (c *conversation) apart() bool {
	return slices.ContainsFunc(c.Anomalies, func(a struct{ ID string }) bool { return report.OstermannApart[a.ID] != "" })
}

func ours(t *testing.T, path string) (list []conversation) {
	t.Helper()
	src := input.Open([]string{path}, input.Options{})
	var out bytes.Buffer
	rep := report.NewNDJSON(&out)
	sum, err := analyzer.Run(t.Context(), src, analyzer.Options{}, rep)
	if err == nil {
		err = rep.Finish(&sum)
	}
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(out.Bytes()) {
		var c conversation
		if err := json.Unmarshal(line, &c); err != nil {
			t.Fatal(err)
		}
		list = append(list, c)
	}
	return list
}

// number is his value of s; ok is false if he does not say.
func number(s *report.Statistic, text string) (v float64, ok bool) {
	if part, is := slashed[s.Name]; is {
		text = strings.Split(text, "/")[part]
	}
	switch text {
	case "Y":
		return 1, true
	case "N":
		return 0, true
	}
	v, err := strconv.ParseFloat(text, 64)
	return v, err == nil
}

// TestOstermann compares every statistic that he has, too. Those of which Statistics says how they differ may;
// the others must not.
func TestOstermann(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: it takes seconds")
	}
	if _, err := exec.LookPath(ostermann); err != nil {
		t.Skip("Ostermann's tcptrace is not installed")
	}
	dir := os.Getenv("TCPTRACE_CAPTURES")
	if dir == "" {
		dir = "../../../testdata/pcaps"
	}
	paths, err := filepath.Glob(filepath.Join(dir, "*.pcap"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no captures: %v", err)
	}
	type tally struct{ same, differ int }
	count := map[string]*tally{}
	skipped := 0
	for _, path := range paths {
		if passedBy[filepath.Base(path)] != "" {
			continue
		}
		mine := map[string][]conversation{}
		for _, c := range ours(t, path) {
			key := fmt.Sprint(c.Client, c.Server)
			mine[key] = append(mine[key], c)
		}
		conns := his(t, path)
		divided := map[string]int{}
		for _, conn := range conns {
			a, b := endpoint(conn, "a"), endpoint(conn, "b")
			divided[fmt.Sprint(a, b)]++
			divided[fmt.Sprint(b, a)]++
		}
		for _, conn := range conns {
			a, b := endpoint(conn, "a"), endpoint(conn, "b")
			sides := [2]string{"client", "server"}
			list, key := mine[fmt.Sprint(a, b)], fmt.Sprint(a, b)
			if list == nil {
				key = fmt.Sprint(b, a)
				list, sides = mine[key], [2]string{"server", "client"}
			}
			if len(list) != 1 || divided[key] != 1 || list[0].apart() {
				skipped++ // the segments of one pair of sockets are several connections to him or us, or see apart
				continue
			}
			for _, subject := range report.Statistics {
				for i := range subject.List {
					s := &subject.List[i]
					if s.Ostermann == "" {
						continue
					}
					if count[s.Name] == nil {
						count[s.Name] = &tally{}
					}
					for k, side := range sides {
						col := columns[s.Name]
						if col == "" {
							col = strings.ReplaceAll(s.Ostermann, " ", "_")
						}
						text, there := conn[col+[]string{"_a2b", "_b2a"}[k]]
						theirs, ok := number(s, text)
						if !there || !ok {
							continue
						}
						factor, tolerance := scale(s)
						our := value(list[0].Endpoints[side].Sent[s.Name])
						if s.Unit == report.BytesPerSecond {
							tolerance = max(1, our/1e4) // he cuts times to us
						}
						if math.Abs(our-theirs*factor) <= tolerance {
							count[s.Name].same++
							continue
						}
						count[s.Name].differ++
						if s.Differs == "" {
							t.Errorf("%s, %s: %s is %v, Ostermann's %q is %s", filepath.Base(path), side, s.Name, our, s.Ostermann, text)
						}
					}
				}
			}
		}
	}
	t.Logf("%d connections are not comparable", skipped)
	for _, name := range slices.Sorted(maps.Keys(count)) {
		t.Logf("%-32s %6d the same, %5d differ", name, count[name].same, count[name].differ)
	}
}

func endpoint(conn map[string]string, letter string) socket {
	port, _ := strconv.Atoi(conn["port_"+letter])
	return socket{conn["host_"+letter], port}
}

func value(v any) float64 {
	switch v := v.(type) {
	case float64:
		return v
	case bool:
		if v {
			return 1
		}
	}
	return 0
}
