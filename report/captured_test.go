package report

import (
	"bytes"
	"context"
	"errors"
	"io"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"tcptrace/analyzer"
	"tcptrace/internal/input"
)

// keeper keeps copies of conversations.
type keeper struct{ kept []analyzer.Conversation }

func (k *keeper) Conversation(c *analyzer.Conversation) error {
	k.kept = append(k.kept, analyzer.Conversation{})
	c.CopyTo(&k.kept[len(k.kept)-1])
	return nil
}

// captured are the conversations of the golden captures: unlike made-up ones they have trajectories
// and anomalies. Tests share them.
func captured(t testing.TB) []analyzer.Conversation {
	t.Helper()
	cs, err := readCaptures()
	if err != nil || len(cs) == 0 {
		t.Fatalf("no captures: %v", err)
	}
	return cs
}

var readCaptures = sync.OnceValues(func() ([]analyzer.Conversation, error) {
	paths, err := filepath.Glob("../testdata/pcaps/*.pcap*")
	if err != nil {
		return nil, err
	}
	var k keeper
	for _, path := range paths {
		src := input.Open([]string{path}, input.Options{})
		_, err := analyzer.Run(context.Background(), src, analyzer.Options{Workers: 1}, &k)
		if err := errors.Join(err, src.Close()); err != nil {
			return nil, err
		}
	}
	return k.kept, nil
})

func TestEncoderAgainstRecordOfCaptures(t *testing.T) {
	var steps, ofEndpoint, ofNone int
	var closes [analyzer.CloseReset + 1]int
	var j analyzer.Judgment
	for _, c := range captured(t) {
		checkRecord(t, &c)
		j.Judge(&c)
		steps += len(j.Trajectory[analyzer.Client])
		closes[j.Close.Kind]++
		for i := range j.Anomalies {
			if j.Anomalies[i].HasSide {
				ofEndpoint++
			} else {
				ofNone++
			}
		}
	}
	if steps < 200 || ofEndpoint < 20 || ofNone < 5 || slices.Contains(closes[:], 0) {
		t.Errorf("too few: %d steps, %d anomalies of endpoints, %d others, closes %v", steps, ofEndpoint, ofNone, closes)
	}
}

// What an expression reads of a judgment is that of the conversation at hand, not of one before.
func TestWhereOfCaptures(t *testing.T) {
	cs := captured(t)
	for expression, holds := range map[string]func(r *Record) bool{
		`endpoints.client.state == "TIME_WAIT"`:         func(r *Record) bool { return r.Endpoints.Client.State == "TIME_WAIT" },
		`close.kind == "reset" && close.by == "client"`: func(r *Record) bool { return r.Close.Kind == "reset" && r.Close.By == "client" },
		`has(anomalies, "no-answer")`: func(r *Record) bool {
			return slices.ContainsFunc(r.Anomalies, func(a AnomalyRecord) bool { return a.ID == "no-answer" })
		},
		`any(endpoints.server.trajectory, .state == "LAST_ACK" && .evidence == "sent")`: func(r *Record) bool {
			for _, s := range r.Endpoints.Server.Trajectory {
				if s.State == "LAST_ACK" && s.Evidence == "sent" {
					return true
				}
			}
			return false
		},
		`len(endpoints.client.trajectory) > 0 && endpoints.client.trajectory[0].time == start`: func(r *Record) bool {
			return len(r.Endpoints.Client.Trajectory) > 0 && r.Endpoints.Client.Trajectory[0].Time == r.Start
		},
	} {
		w, err := CompileWhere(expression)
		if err != nil {
			t.Fatal(err)
		}
		matches := 0
		for i := range cs {
			var j analyzer.Judgment
			j.Judge(&cs[i])
			r := NewRecord(&cs[i], &j)
			got, err := w.Match(&cs[i])
			if err != nil || got != holds(&r) {
				t.Errorf("%s: %v, %v for stream %d: %+v", expression, got, err, cs[i].Stream, r)
			}
			if got {
				matches++
			}
		}
		if matches == 0 || matches == len(cs) {
			t.Errorf("%s selects %d of %d", expression, matches, len(cs))
		}
	}
}

// Writing a trajectory allocates nothing beside what judging does.
func TestNoAllocationPerTrajectory(t *testing.T) {
	cs := captured(t)
	for _, name := range []string{"json", "ndjson", "csv"} {
		format, _ := Formats.Find(name)
		r := format.New(io.Discard, TableOptions{})
		for i := range cs { // the buffers grow to their sizes
			_ = r.Conversation(&cs[i])
		}
		var j analyzer.Judgment
		for i := range cs {
			judging := testing.AllocsPerRun(10, func() { j.Judge(&cs[i]) })
			if len(j.Anomalies) > 0 {
				continue
			}
			if n := testing.AllocsPerRun(10, func() { _ = r.Conversation(&cs[i]) }); n > judging {
				t.Errorf("%s: %v allocations for stream %d with %d steps, %v of them in judging", name, n, cs[i].Stream, len(j.Trajectory[0])+len(j.Trajectory[1]), judging)
			}
		}
	}
}

// The table's states are the record's, and no anomaly is graver than the one it shows.
func TestTableOfCaptures(t *testing.T) {
	shown := 0
	for _, c := range captured(t) {
		var out bytes.Buffer
		write(t, NewTable(&out, TableOptions{}), []analyzer.Conversation{c}, &analyzer.Summary{})
		var j analyzer.Judgment
		j.Judge(&c)
		line := strings.Split(out.String(), "\n")[1]
		if !strings.Contains(line, " "+j.State[analyzer.Client].String()+" ") || !strings.Contains(line, " "+j.State[analyzer.Server].String()+" ") {
			t.Errorf("states %v: %s", j.State, line)
		}
		for i := range j.Anomalies {
			switch kind := j.Anomalies[i].Kind; {
			case strings.Contains(line, " "+kind.ID):
				shown++
			case kind.Severity == analyzer.SeverityError && !showsError(line, j.Anomalies):
				t.Errorf("%s is not shown: %s", kind.ID, line)
			}
		}
		if more := len(j.Anomalies) - 1; more > 0 && !strings.HasSuffix(line, " +"+strconv.Itoa(more)) {
			t.Errorf("%d more anomalies: %s", more, line)
		}
	}
	if shown < 20 {
		t.Errorf("no more than %d anomalies are shown", shown)
	}
}

// showsError reports whether the line names an anomaly that is an error.
func showsError(line string, anomalies []analyzer.Anomaly) bool {
	return slices.ContainsFunc(anomalies, func(a analyzer.Anomaly) bool {
		return a.Kind.Severity == analyzer.SeverityError && strings.Contains(line, " "+a.Kind.ID)
	})
}
