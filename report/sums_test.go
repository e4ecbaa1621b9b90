package report

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"maps"
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
