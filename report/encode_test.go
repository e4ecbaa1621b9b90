package report

import (
	"bytes"
	"encoding/json"
	"io"
	"math/big"
	"math/rand/v2"
	"reflect"
	"testing"

	"tcptrace/analyzer"
	"tcptrace/analyzer/host"
	"tcptrace/report/internal/output"
	"tcptrace/report/internal/record"
	"tcptrace/report/internal/sample"
)

// tokens are a document's tokens in order, its numbers as exact values.
func tokens(t testing.TB, doc []byte) []any {
	t.Helper()
	var out []any
	d := json.NewDecoder(bytes.NewReader(doc))
	d.UseNumber()
	for {
		token, err := d.Token()
		if err == io.EOF {
			return out
		}
		if err != nil {
			t.Fatalf("%v in %s", err, doc)
		}
		if n, ok := token.(json.Number); ok {
			r, ok := new(big.Rat).SetString(n.String())
			if !ok {
				t.Fatalf("number %s", n)
			}
			token = r.RatString()
		}
		out = append(out, token)
	}
}

// checkRecord holds the hand-written encoder against encoding/json of Record: the
// same fields, in the same order, with the same values.
func checkRecord(t testing.TB, c *analyzer.Conversation) {
	t.Helper()
	var e record.Encoder
	got := e.Conversation(nil, c)
	var j analyzer.Judgment
	j.Judge(c)
	record := NewRecord(c, &j)
	want, err := json.Marshal(record)
	if err != nil {
		t.Fatal(err)
	}
	var back Record
	d := json.NewDecoder(bytes.NewReader(got))
	d.DisallowUnknownFields()
	if err := d.Decode(&back); err != nil {
		t.Fatalf("%v in %s", err, got)
	}
	if !reflect.DeepEqual(back, record) {
		t.Errorf("the record reads back as\n%+v, want\n%+v", back, record)
	}
	// Up to 15 digits, a decimal number survives a float64; beyond, the two documents
	// may spell the same float64 differently.
	if d := c.Duration(); d < 1e15 && d > -1e15 {
		if !reflect.DeepEqual(tokens(t, got), tokens(t, want)) {
			t.Errorf("the encoders differ:\n%s\n%s", got, want)
		}
	}
}

func TestEncoderAgainstRecord(t *testing.T) {
	for _, c := range sample.Conversations() {
		checkRecord(t, &c)
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for range thorough(1000) { // FuzzEncoder tries more
		checkRecord(t, randomConversation(rng))
	}
}

// randomAnomaly has strings that need escaping, and leaves out what may be left out.
func randomAnomaly(rng *rand.Rand) AnomalyRecord {
	detail := make([]rune, rng.IntN(20))
	for i := range detail {
		detail[i] = rune(rng.Uint32N(0x110000) >> rng.IntN(21))
	}
	return AnomalyRecord{
		ID: "no-answer", Severity: "error", Endpoint: []string{"", "client"}[rng.IntN(2)],
		Frame: rng.Uint64N(2) * rng.Uint64(), Time: Time(rng.Int64() - rng.Int64()), Detail: string(detail),
		Evidence: []string{"", "kernel"}[rng.IntN(2)],
	}
}

func TestAnomalyAgainstRecord(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range thorough(2000) {
		var e record.Encoder
		record := randomAnomaly(rng)
		want, err := json.Marshal(record)
		if err != nil {
			t.Fatal(err)
		}
		if got := e.Anomaly(nil, &record); !reflect.DeepEqual(tokens(t, got), tokens(t, want)) {
			t.Errorf("the encoders differ:\n%s\n%s", got, want)
		}
	}
}

func FuzzString(f *testing.F) {
	f.Add("plain")
	f.Add("\"\\\x00\x1f\x7f\u2028\xff</script>")
	f.Fuzz(func(t *testing.T, s string) {
		want, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		if got := output.AppendString(nil, s); !reflect.DeepEqual(tokens(t, got), tokens(t, want)) {
			t.Errorf("%q: %s, want %s", s, got, want)
		}
	})
}

func FuzzEncoder(f *testing.F) {
	f.Add([]byte("seed"), int64(0), int64(0), uint64(0), uint8(0), false)
	f.Add([]byte("\x00\xff"), int64(-1), int64(1)<<62, ^uint64(0), uint8(255), true)
	f.Fuzz(func(t *testing.T, seed []byte, start, end int64, n uint64, kind uint8, evicted bool) {
		var s [32]byte
		copy(s[:], seed)
		c := randomConversation(rand.New(rand.NewChaCha8(s)))
		c.Start, c.End = analyzer.Time(start), analyzer.Time(end)
		c.Stream, c.FirstFrame, c.Sent[analyzer.Server].StreamBytes = n, n>>1, n
		c.Outcome, c.ConnState, c.Roles = analyzer.Outcome(kind), analyzer.ConnState(kind), analyzer.Roles(kind)
		c.Completeness, c.Evicted, c.Dropped = analyzer.Completeness(kind), evicted, n>>2
		checkRecord(t, c)
	})
}

// TestProcess: the record has the processes of the ends on this host, and as that of the conversation the server's of two.
func TestProcess(t *testing.T) {
	client := &host.End{Process: host.Process{PID: 7, Name: "a \"\xff\x1b", User: 1000, Cgroup: 1 << 63},
		Info: &host.Info{Congestion: "cubic", RTT: 1234567, CWND: 10, Pacing: 1 << 50}}
	server := &host.End{Process: host.Process{PID: 8, Name: "nginx", Container: "c\xff", Unit: "u", Listens: true},
		Info: &host.Info{RTTVar: 1, MinRTT: 2, SSThresh: 3, Retransmitted: 4, Delivery: 5}}
	for _, test := range []struct {
		hosts [2]*host.End
		want  uint32
	}{{want: 0}, {[2]*host.End{client, nil}, 7}, {[2]*host.End{nil, server}, 8}, {[2]*host.End{client, server}, 8}, {[2]*host.End{client, {}}, 7}} {
		c := sample.Conversations()[0]
		c.Hosts = test.hosts
		checkRecord(t, &c)
		var j analyzer.Judgment
		j.Judge(&c)
		if r := NewRecord(&c, &j); r.Process.PID != test.want {
			t.Errorf("%+v: process %+v", test.hosts, r.Process)
		}
	}
}
