package report

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math"
	"net/netip"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"tcptrace/analyzer"
)

// sumsOf are the sums of conversations, as NDJSON has them.
func sumsOf(t *testing.T, cs []analyzer.Conversation, by string, most int, o SumOptions) (*Sums, []SumRecord) {
	t.Helper()
	s, err := NewSums(by, most)
	if err != nil {
		t.Fatal(err)
	}
	for i := range cs {
		if err := s.Conversation(&cs[i]); err != nil {
			t.Fatal(err)
		}
	}
	var out bytes.Buffer
	writeSums, _ := SumFormats.Find("ndjson")
	if err := writeSums(&out, s, o); err != nil {
		t.Fatal(err)
	}
	var list []SumRecord
	d := json.NewDecoder(&out)
	d.DisallowUnknownFields()
	for {
		var r SumRecord
		if err := d.Decode(&r); err == io.EOF {
			return s, list
		} else if err != nil {
			t.Fatal(err)
		}
		list = append(list, r)
	}
}

// conversationRecords are the records of conversations as NDJSON has them.
func conversationRecords(t *testing.T, cs []analyzer.Conversation) []Record {
	t.Helper()
	var out bytes.Buffer
	write(t, NewNDJSON(&out), cs, &analyzer.Summary{})
	list := make([]Record, 0, len(cs))
	for line := range bytes.Lines(out.Bytes()) {
		var r Record
		if err := json.Unmarshal(line, &r); err != nil {
			t.Fatal(err)
		}
		list = append(list, r)
	}
	return list
}

// keysOf are the values that a record has of a key, read from the record.
var keysOf = map[string]func(r *Record) []string{
	"server":  func(r *Record) []string { return []string{r.Server.IP} },
	"port":    func(r *Record) []string { return []string{strconv.Itoa(int(r.Server.Port))} },
	"outcome": func(r *Record) []string { return []string{r.Outcome} },
	"failure": func(r *Record) []string { return []string{r.Failure} },
	"cause":   func(r *Record) []string { return []string{r.Close.Cause} },
	"name":    func(r *Record) []string { return []string{r.Server.Name} },
	"limit":   func(r *Record) []string { return []string{r.Limit.Factor} },
	"minute":  func(r *Record) []string { return []string{r.Start.AsTime().Format("2006-01-02T15:04:00Z")} },
	"host":    func(r *Record) []string { return distinct(r.Client.IP, r.Server.IP) },
	"network": func(r *Record) []string { return distinct(networkOf(r.Client.IP), networkOf(r.Server.IP)) },
	"anomaly": func(r *Record) []string {
		ids := []string{}
		for _, a := range r.Anomalies {
			ids = append(ids, a.ID)
		}
		if len(ids) == 0 {
			return []string{""}
		}
		return distinct(ids...)
	},
}

func distinct(list ...string) []string {
	slices.Sort(list)
	return slices.Compact(list)
}

func networkOf(ip string) string {
	addr := netip.MustParseAddr(ip)
	bits := 64
	if addr.Is4() {
		bits = 24
	}
	return netip.PrefixFrom(addr, bits).Masked().String()
}

// groupsOf are the records by the values of their keys, each in all groups that it belongs to.
func groupsOf(records []Record, by []string) map[string][]*Record {
	groups := map[string][]*Record{}
	for i := range records {
		keys := []string{""}
		for _, name := range by {
			var longer []string
			for _, key := range keys {
				for _, value := range keysOf[name](&records[i]) {
					longer = append(longer, key+"|"+value)
				}
			}
			keys = longer
		}
		for _, key := range keys {
			groups[key] = append(groups[key], &records[i])
		}
	}
	return groups
}

// TestSumsAgainstRecords adds up the records of the golden captures, and compares.
func TestSumsAgainstRecords(t *testing.T) {
	cs := captured(t)
	records := conversationRecords(t, cs)
	for _, by := range []string{"server,outcome", "failure", "cause,port", "host,anomaly,network", "minute", "name,limit"} {
		names := strings.Split(by, ",")
		want := groupsOf(records, names)
		s, got := sumsOf(t, cs, by, MostGroups, SumOptions{})
		if s.Conversations() != uint64(len(records)) || len(got) != len(want) || s.Overflow() != 0 {
			t.Errorf("%s: %d groups of %d conversations, %d left over, want %d of %d", by, len(got), s.Conversations(), s.Overflow(), len(want), len(records))
		}
		for i := range got {
			key := ""
			for _, name := range names {
				key += "|" + got[i].By[name]
			}
			checkSum(t, key, &got[i], want[key])
		}
	}
}

// checkSum compares r with what the records add up to.
func checkSum(t *testing.T, key string, r *SumRecord, records []*Record) {
	t.Helper()
	want := SumRecord{Schema: "tcptrace.sum.v1", By: r.By}
	var sent, zeroWindow float64
	times := map[string][]float64{}
	anomalies := map[AnomalyRecord]uint64{}
	for _, c := range records {
		client, server := &c.Endpoints.Client.Sent, &c.Endpoints.Server.Sent
		want.Conversations++
		want.Packets += c.Packets
		want.ClientPayloadBytes += uint64(client.PayloadBytes)
		want.ServerPayloadBytes += uint64(server.PayloadBytes)
		if c.Failure != "" {
			want.Failures++
		}
		for _, side := range []*SentRecord{client, server} {
			of := float64(side.DataPackets + side.SYNPackets + side.FINPackets + side.LostBeforeTapPackets)
			lost := math.Round(side.LossRatio * max(of, 1))
			want.LostPackets, sent = want.LostPackets+uint64(lost), sent+of
			want.RetransmittedPackets += uint64(side.RetransmittedPackets)
			want.RetransmittedTimeoutPackets += uint64(side.RetransmittedTimeoutPackets)
			want.RetransmittedFastPackets += uint64(side.RetransmittedFastPackets)
			want.RetransmittedSACKPackets += uint64(side.RetransmittedSACKPackets)
			want.RetransmittedTailProbePackets += uint64(side.RetransmittedTailProbePackets)
			want.RetransmittedUnknownPackets += uint64(side.RetransmittedUnknownPackets)
			zeroWindow += side.ZeroWindowS
		}
		if client.HandshakeRTTS > 0 && server.HandshakeRTTS > 0 {
			times["handshake"] = append(times["handshake"], client.HandshakeRTTS+server.HandshakeRTTS)
		}
		if client.RTTP50S > 0 {
			times["client"] = append(times["client"], client.RTTP50S)
		}
		if server.RTTP50S > 0 {
			times["server"] = append(times["server"], server.RTTP50S)
		}
		if server.ThinkTurns > 0 {
			times["think"] = append(times["think"], max(server.ThinkS/float64(server.ThinkTurns), 1e-9))
		}
		if c.Close.Cause != "" {
			if want.ResetCauses == nil {
				want.ResetCauses = map[string]uint64{}
			}
			want.Resets++
			want.ResetCauses[c.Close.Cause]++
		}
		kinds := map[AnomalyRecord]bool{}
		for _, a := range c.Anomalies {
			kinds[AnomalyRecord{ID: a.ID, Severity: a.Severity}] = true
		}
		for a := range kinds {
			anomalies[a]++
		}
	}
	for a, n := range anomalies {
		severities := []string{"", "note", "warning", "error"}
		now, before := slices.Index(severities, a.Severity), slices.Index(severities, want.WorstAnomalySeverity)
		if now > before || now == before && (n > want.WorstAnomalyConversations || n == want.WorstAnomalyConversations && a.ID < want.WorstAnomaly) {
			want.WorstAnomaly, want.WorstAnomalySeverity, want.WorstAnomalyConversations = a.ID, a.Severity, n
		}
	}
	got := *r
	for _, near := range []struct {
		name      string
		got       *float64
		want      float64
		tolerance float64
	}{
		{"loss_ratio", &got.LossRatio, float64(want.LostPackets) / max(sent, 1), 1e-9},
		{"zero_window_s", &got.ZeroWindowS, zeroWindow, 1e-9},
		{"handshake_p50_s", &got.HandshakeP50S, quantile(times["handshake"], .5), 0},
		{"handshake_p90_s", &got.HandshakeP90S, quantile(times["handshake"], .9), 0},
		{"handshake_p99_s", &got.HandshakeP99S, quantile(times["handshake"], .99), 0},
		{"client_rtt_p50_s", &got.ClientRTTP50S, quantile(times["client"], .5), 0},
		{"client_rtt_p90_s", &got.ClientRTTP90S, quantile(times["client"], .9), 0},
		{"client_rtt_p99_s", &got.ClientRTTP99S, quantile(times["client"], .99), 0},
		{"server_rtt_p50_s", &got.ServerRTTP50S, quantile(times["server"], .5), 0},
		{"server_rtt_p90_s", &got.ServerRTTP90S, quantile(times["server"], .9), 0},
		{"server_rtt_p99_s", &got.ServerRTTP99S, quantile(times["server"], .99), 0},
		{"server_think_p50_s", &got.ServerThinkP50S, quantile(times["think"], .5), 0},
		{"server_think_p99_s", &got.ServerThinkP99S, quantile(times["think"], .99), 0},
	} {
		if math.Abs(*near.got-near.want) > near.tolerance+0.0101*near.want*boolean(near.tolerance == 0)+1e-9 {
			t.Errorf("%s: %s is %v, want %v", key, near.name, *near.got, near.want)
		}
		*near.got = 0
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s:\n%+v, want\n%+v", key, got, want)
	}
}

func boolean(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// quantile is the least value that a share of q of all values does not exceed, 0 of none.
func quantile(list []float64, q float64) float64 {
	if len(list) == 0 {
		return 0
	}
	slices.Sort(list)
	return list[int(math.Ceil(q*float64(len(list))-1e-9))-1]
}

// pairsOf are conversations of servers 10.0.0.1, 10.0.0.2 ..., as many of each as counts says.
func pairsOf(counts ...int) (cs []analyzer.Conversation) {
	for server, n := range counts {
		for range n {
			cs = append(cs, analyzer.Conversation{Stream: uint64(len(cs)), Outcome: analyzer.Open, Addr: [2]netip.AddrPort{
				netip.MustParseAddrPort("192.0.2.1:40000"), netip.MustParseAddrPort(fmt.Sprintf("10.0.0.%d:80", server+1)),
			}})
		}
	}
	return cs
}

// TestMostGroups: what finds no room is added up all the same, once.
func TestMostGroups(t *testing.T) {
	cs := pairsOf(1, 2, 3)
	for most, want := range map[int]string{3: "3 2 1", 2: "2 1 others 3", 1: "1 others 5"} {
		s, got := sumsOf(t, cs, "server", most, SumOptions{})
		var text []string
		overflow := uint64(0)
		for _, r := range got {
			if r.Others {
				text = append(text, "others")
				overflow = r.Conversations
				if len(r.By) != 0 {
					t.Errorf("%d groups: the others have keys: %v", most, r.By)
				}
			}
			text = append(text, strconv.Itoa(int(r.Conversations)))
		}
		if strings.Join(text, " ") != want || s.Overflow() != overflow {
			t.Errorf("%d groups: %v and %d left over, want %s", most, text, s.Overflow(), want)
		}
	}
	_, got := sumsOf(t, pairsOf(1, 1), "host,network", 1, SumOptions{})
	if len(got) != 2 || !got[1].Others || got[1].Conversations != 2 {
		t.Errorf("conversations that belong to several groups without room are among the others once each, not %+v", got)
	}
}

// TestSumOrder: by any column or key, either way; what is equal by the keys.
func TestSumOrder(t *testing.T) {
	cs := pairsOf(1, 3, 1, 2)
	for i := range cs {
		cs[i].Sent[analyzer.Client].Packets = uint64(10 - i)
	}
	for sort, want := range map[string]string{
		"":               "10.0.0.2 10.0.0.4 10.0.0.1 10.0.0.3",
		"conversations":  "10.0.0.1 10.0.0.3 10.0.0.4 10.0.0.2",
		"-conversations": "10.0.0.2 10.0.0.4 10.0.0.1 10.0.0.3",
		"server":         "10.0.0.1 10.0.0.2 10.0.0.3 10.0.0.4",
		"-server":        "10.0.0.4 10.0.0.3 10.0.0.2 10.0.0.1",
		"packets":        "10.0.0.3 10.0.0.4 10.0.0.1 10.0.0.2",
		"-worst_anomaly": "10.0.0.1 10.0.0.2 10.0.0.3 10.0.0.4",
	} {
		s, err := NewSums("server", MostGroups)
		if err != nil {
			t.Fatal(err)
		}
		var o SumOptions
		if sort != "" {
			if o.Sort, err = s.Key(sort); err != nil {
				t.Fatal(err)
			}
		}
		_, got := sumsOf(t, cs, "server", MostGroups, o)
		var order []string
		for _, r := range got {
			order = append(order, r.By["server"])
		}
		if strings.Join(order, " ") != want {
			t.Errorf("--sort %s: %v, want %s", sort, order, want)
		}
		o.Limit = 3
		if _, got = sumsOf(t, cs, "server", MostGroups, o); len(got) != 3 || got[2].By["server"] != order[2] {
			t.Errorf("--sort %s: the first three are %+v", sort, got)
		}
	}
}

func TestSumErrors(t *testing.T) {
	if _, err := NewSums("sever", 1); err == nil || err.Error() != `there is no key "sever": did you mean server?` {
		t.Error(err)
	}
	s, err := NewSums("server", 1)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"loss":     `there is no column "loss": did you mean`,
		"-falures": `there is no column "falures": did you mean failures?`,
		"client":   `there is no column "client": `,
	} {
		if _, err := s.Key(name); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("--sort %s: %v, want %s", name, err, want)
		}
	}
}

// TestSumCSV: the columns say what the records say.
func TestSumCSV(t *testing.T) {
	cs := captured(t)
	s, records := sumsOf(t, cs, "server,cause", 20, SumOptions{})
	var out bytes.Buffer
	writeCSV, _ := SumFormats.Find("csv")
	if err := writeCSV(&out, s, SumOptions{}); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(&out).ReadAll()
	if err != nil || len(rows) != len(records)+1 || !records[20].Others {
		t.Fatalf("%d rows for %d records: %v", len(rows), len(records), err)
	}
	if head := rows[0]; !slices.Equal(head, append([]string{"server", "cause", "others"}, SumColumnNames()...)) {
		t.Errorf("the columns are %v", head)
	}
	for i := range records {
		r := records[i]
		want := map[string]string{"others": strconv.FormatBool(r.Others)}
		text, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		var fields map[string]any
		if err := json.Unmarshal(text, &fields); err != nil {
			t.Fatal(err)
		}
		for name, value := range fields {
			switch value := value.(type) {
			case float64:
				want[name] = strconv.FormatFloat(value, 'f', -1, 64)
			case string:
				want[name] = value
			}
		}
		maps.Copy(want, r.By)
		for cause, n := range r.ResetCauses {
			want["resets_"+strings.ReplaceAll(cause, "-", "_")] = strconv.Itoa(int(n))
		}
		for k, name := range rows[0] {
			if got := rows[i+1][k]; got != want[name] && (got != "0" || want[name] != "") {
				t.Errorf("row %d: %s is %q, want %q", i, name, got, want[name])
			}
		}
	}
}

// TestSumJSON: the document has the records, all of them together, and the summary.
func TestSumJSON(t *testing.T) {
	cs := captured(t)
	s, records := sumsOf(t, cs, "host", MostGroups, SumOptions{})
	var out bytes.Buffer
	writeJSON, _ := SumFormats.Find("json")
	if err := writeJSON(&out, s, SumOptions{Summary: SummaryRecord{Packets: 7, DurationS: "0"}}); err != nil {
		t.Fatal(err)
	}
	var document struct {
		Schema  string
		By      []string
		Sums    []SumRecord
		Total   SumRecord
		Summary SummaryRecord
	}
	if err := json.Unmarshal(out.Bytes(), &document); err != nil {
		t.Fatal(err)
	}
	if document.Schema != "tcptrace.sums.v1" || !slices.Equal(document.By, []string{"host"}) || !reflect.DeepEqual(document.Sums, records) || document.Summary.Packets != 7 {
		t.Errorf("the document is %+v", document)
	}
	checked := conversationRecords(t, cs)
	var list []*Record
	for i := range checked {
		list = append(list, &checked[i])
	}
	checkSum(t, "total", &document.Total, list)
}
