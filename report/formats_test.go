package report

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"tcptrace/analyzer"
	"tcptrace/internal/testutil/golden"
	"tcptrace/report/internal/output"
	"tcptrace/report/internal/sample"
)

var extensions = map[string]string{"table": "txt", "long": "long.txt", "json": "json", "ndjson": "ndjson", "csv": "csv", "zeek": "log", "elastic": "elastic.ndjson"}

func TestFormats(t *testing.T) {
	for _, choice := range Formats {
		name, format := choice.Name, choice.Is
		if format.Binary { // the command's tests compare what it has with ndjson
			continue
		}
		for _, input := range []struct {
			name    string
			cs      []analyzer.Conversation
			summary *analyzer.Summary
		}{
			{"sample", sample.Conversations(), sample.Summary()},
			{"empty", nil, &analyzer.Summary{}},
		} {
			t.Run(name+"/"+input.name, func(t *testing.T) {
				var out bytes.Buffer
				write(t, format.New(&out, TableOptions{}), input.cs, input.summary)
				golden.Compare(t, input.name+"."+extensions[name], out.Bytes())
			})
		}
	}
}

func TestJSONIsOneDocument(t *testing.T) {
	var out bytes.Buffer
	write(t, NewJSON(&out), sample.Conversations(), sample.Summary())
	var doc struct {
		Schema        string
		Conversations []Record
		Summary       SummaryRecord
	}
	d := json.NewDecoder(&out)
	d.DisallowUnknownFields()
	if err := d.Decode(&doc); err != nil {
		t.Fatal(err)
	}
	for i, c := range sample.Conversations() {
		var j analyzer.Judgment
		j.Judge(&c)
		if !reflect.DeepEqual(doc.Conversations[i], NewRecord(&c, &j)) {
			t.Errorf("conversation %d reads back as %+v", i, doc.Conversations[i])
		}
	}
	if doc.Schema != reportSchema || doc.Summary.Outcomes["refused"] != 1 || *doc.Summary.Drops != 17 {
		t.Errorf("document: %+v", doc.Summary)
	}
}

// TestUnnumbered: a record whose number is added later is the same, and has been made without a look at it.
func TestUnnumbered(t *testing.T) {
	cs := append(sample.Conversations(), captured(t)...)
	found := 0
	for _, f := range Formats {
		var whole, numbered bytes.Buffer
		r, ok := f.Is.New(&numbered, TableOptions{}).(interface {
			Report
			NewUnnumbered() func([]byte, *analyzer.Conversation, *analyzer.Judgment) []byte
			Numbered(uint64, []byte) error
		})
		if !ok {
			continue
		}
		found++
		encode := r.NewUnnumbered()
		for i := range cs {
			var j analyzer.Judgment
			j.Judge(&cs[i])
			c := cs[i]
			c.Stream += 12345
			if err := r.Numbered(cs[i].Stream, encode(nil, &c, &j)); err != nil {
				t.Fatal(err)
			}
		}
		if err := r.Finish(sample.Summary()); err != nil {
			t.Fatal(err)
		}
		write(t, f.Is.New(&whole, TableOptions{}), cs, sample.Summary())
		if !bytes.Equal(whole.Bytes(), numbered.Bytes()) {
			t.Errorf("%s: numbered later it is\n%.2000s\nwant\n%.2000s", f.Name, &numbered, &whole)
		}
	}
	if found != 3 {
		t.Errorf("%d formats are numbered later, want ndjson, json and csv", found)
	}
}

// An independent reader of CSV finds the record's values under the header's names.
func TestCSVAgainstRecord(t *testing.T) {
	var out bytes.Buffer
	cs := append(sample.Conversations(), captured(t)...)
	write(t, NewCSV(&out), cs, &analyzer.Summary{})
	rows, err := csv.NewReader(&out).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for i, c := range cs {
		got := map[string]string{}
		for j, name := range rows[0] {
			got[name] = rows[i+1][j]
		}
		var j analyzer.Judgment
		j.Judge(&c)
		r := NewRecord(&c, &j)
		start, _ := r.Start.MarshalText()
		n := func(n uint64) string { return strconv.FormatUint(n, 10) }
		var ids []string
		for _, a := range r.Anomalies {
			ids = append(ids, a.ID)
		}
		for name, want := range map[string]string{
			"anomalies": strings.Join(ids, " "), "stream": n(r.Stream), "client_ip": r.Client.IP, "client_port": n(uint64(r.Client.Port)),
			"server_ip": r.Server.IP, "server_port": n(uint64(r.Server.Port)), "community_id": r.CommunityID,
			"start": string(start), "duration_s": strconv.FormatFloat(r.DurationS, 'f', -1, 64),
			"first_frame": n(r.FirstFrame), "last_frame": n(r.LastFrame), "packets": n(r.Packets),
			"outcome": r.Outcome, "roles": r.Roles, "conn_state": r.ConnState, "completeness": n(uint64(r.Completeness)),
			"client_packets": n(r.Endpoints.Client.Sent.Packets), "client_ip_bytes": n(r.Endpoints.Client.Sent.IPBytes),
			"server_payload_bytes": n(r.Endpoints.Server.Sent.PayloadBytes), "server_frame_bytes": n(r.Endpoints.Server.Sent.FrameBytes),
			"server_stream_bytes": n(r.Endpoints.Server.Sent.StreamBytes), "evicted": strconv.FormatBool(r.Evicted), "dropped": n(r.Dropped),
			"client_state": r.Endpoints.Client.State, "server_state": r.Endpoints.Server.State,
		} {
			if got[name] != want {
				t.Errorf("row %d, %s: %q, want %q", i, name, got[name], want)
			}
		}
	}
}

func TestZeekLinesHaveAllFields(t *testing.T) {
	var out bytes.Buffer
	write(t, NewZeek(&out), sample.Conversations(), sample.Summary())
	for line := range strings.Lines(out.String()) {
		fields := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if fields[0] == "#fields" || fields[0] == "#types" {
			fields = fields[1:]
		} else if line[0] == '#' {
			continue
		}
		if len(fields) != len(zeekFields) || slices.Contains(fields, "") {
			t.Errorf("%d fields, want %d non-empty ones: %q", len(fields), len(zeekFields), line)
		}
	}
}

func TestZeekMissedBytes(t *testing.T) {
	for _, c := range []struct {
		quick bool
		want  string
	}{{false, "1455"}, {true, "-"}} {
		conv := sample.Conversations()[0]
		conv.Quick = c.quick
		conv.Sent[analyzer.Client].MissedBytes, conv.Sent[analyzer.Server].MissedBytes = 7, 1448
		var out bytes.Buffer
		write(t, NewZeek(&out), []analyzer.Conversation{conv}, sample.Summary())
		for line := range strings.Lines(out.String()) {
			if line[0] == '#' {
				continue
			}
			at := slices.IndexFunc(zeekFields[:], func(f [2]string) bool { return f[0] == "missed_bytes" })
			if got := strings.Split(line, "\t")[at]; got != c.want {
				t.Errorf("quick %v: missed_bytes is %s, want %s", c.quick, got, c.want)
			}
		}
	}
}

// A full disk is an error whenever it fills: in the first buffer, later, at the end.
func TestWriterErrors(t *testing.T) {
	cs := sample.Conversations()
	for _, choice := range Formats {
		name, format := choice.Name, choice.Is
		for _, room := range []int{0, 100, output.SpillAt * 3} {
			r := format.New(&sample.FullWriter{Room: room}, TableOptions{})
			var err error
			for i := 0; i < 10_000 && err == nil; i++ {
				err = r.Conversation(&cs[i%len(cs)])
			}
			if format.Binary { // a table is held by row groups, and this one fits into the room
				continue
			}
			if format.Streams && room < output.SpillAt && !errors.Is(err, sample.ErrFull) {
				t.Errorf("%s, room %d: no error while writing: %v", name, room, err)
			}
			if err := r.Finish(sample.Summary()); !errors.Is(err, sample.ErrFull) {
				t.Errorf("%s, room %d: Finish returns %v", name, room, err)
			}
		}
	}
}

func TestShortWriteIsAnError(t *testing.T) {
	r := NewNDJSON(shortWriter{})
	c := sample.Conversations()[0]
	if err := r.Conversation(&c); err != nil {
		t.Fatal(err)
	}
	if err := r.Finish(nil); err == nil {
		t.Error("no error")
	}
}

type shortWriter struct{}

func (shortWriter) Write(p []byte) (int, error) { return len(p) - 1, nil }

func TestNoAllocationPerRecord(t *testing.T) {
	cs := sample.Conversations()
	for _, choice := range Formats {
		name, format := choice.Name, choice.Is
		if !format.Streams || format.People || format.Binary { // a table allocates the texts of its rows
			continue
		}
		r := format.New(io.Discard, TableOptions{})
		err := r.Conversation(&cs[0])
		if n := testing.AllocsPerRun(1000, func() { err = r.Conversation(&cs[1]) }); n != 0 || err != nil {
			t.Errorf("%s: %v allocations a record, error %v", name, n, err)
		}
	}
}

func TestUIDsDiffer(t *testing.T) {
	seen := map[string]bool{}
	c := sample.Conversations()[0]
	change := []func(){
		func() {},
		func() { c.Stream++ },
		func() { c.Start++ },
		func() { c.Addr[0], c.Addr[1] = c.Addr[1], c.Addr[0] },
		func() { c.Addr = sample.Between("10.0.0.1:40001", "10.0.0.2:80") },
	}
	for i, do := range change {
		do()
		uid := string(appendZeekUID(nil, &c))
		if len(uid) != 18 || uid[0] != 'C' || seen[uid] {
			t.Errorf("after change %d the uid is %q", i, uid)
		}
		seen[uid] = true
	}
}

// TestTimelineErrors: the first error of the writer sticks.
func TestTimelineErrors(t *testing.T) {
	for _, f := range TimelineFormats {
		c, out := &sample.Conversations()[0], &sample.FullWriter{Room: 10}
		var l Timeline
		if f.Is.All != nil {
			l = f.Is.All(out)
		} else {
			l = f.Is.One(out, c, new(analyzer.Judgment), TimelineOptions{})
		}
		_ = l.Segment(&analyzer.SegmentView{Frame: 1, Time: c.Start})
		if err := l.Finish(); err != sample.ErrFull {
			t.Errorf("%s: Finish says %v", f.Name, err)
		}
	}
}
