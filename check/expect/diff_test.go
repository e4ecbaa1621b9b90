package expect_test

import (
	"fmt"
	"strings"
	"testing"

	"tcptrace/check/expect"
	"tcptrace/report"
)

func TestDiff(t *testing.T) {
	tolerance := expect.Tolerance{Ratio: 0.2, Seconds: 0.001}
	for name, test := range map[string]struct {
		change func(c *expect.Capture)
		want   string
	}{
		"same": {func(*expect.Capture) {}, ""},
		"another day, other ports and frames": {func(c *expect.Capture) {
			for i := range c.Conversations {
				r := &c.Conversations[i]
				r.Start, r.FirstFrame, r.Client.Port = r.Start+1e18, 7, r.Client.Port+9
				for _, e := range []*report.Endpoint{&r.Endpoints.Client, &r.Endpoints.Server} {
					e.Trajectory = append([]report.StepRecord{}, e.Trajectory...)
					for j := range e.Trajectory {
						e.Trajectory[j].Time += 1e18
					}
				}
			}
		}, ""},
		"another network": {func(c *expect.Capture) {
			for i := range c.Conversations {
				c.Conversations[i].Client.IP, c.Conversations[i].Server.IP = "192.0.2.1", "192.0.2.2"
			}
		}, ""},
		"within the tolerance": {func(c *expect.Capture) { c.Conversations[0].Packets, c.Conversations[0].DurationS = 13, 0.55 }, ""},
		"beyond it":            {func(c *expect.Capture) { c.Conversations[0].Packets = 20 }, "0: packets 12 > 20"},
		"outcome":              {func(c *expect.Capture) { c.Conversations[1].Outcome = "open" }, "1: outcome closed > open"},
		"states": {func(c *expect.Capture) {
			c.Conversations[0].Endpoints.Server.Trajectory = []report.StepRecord{{State: "CLOSED"}}
		}, "0: endpoints.server.trajectory LISTEN > CLOSED"},
		"late": {func(c *expect.Capture) {
			steps := append([]report.StepRecord{}, c.Conversations[0].Endpoints.Client.Trajectory...)
			steps[1].Time, steps[2].Time = steps[1].Time+2e9, steps[2].Time+3e9
			c.Conversations[0].Endpoints.Client.Trajectory = steps
		}, "0: endpoints.client.trajectory[1] ESTABLISHED at 0 s > ESTABLISHED at 2 s"},
		"anomalies": {func(c *expect.Capture) {
			c.Conversations[0].Anomalies = []report.AnomalyRecord{
				c.Conversations[0].Anomalies[2], c.Conversations[0].Anomalies[1], {ID: "no-answer", Severity: "error", Frame: 4}}
		}, "0: anomalies syn-retransmit (warning, client, frame 3) > ; 0: anomalies  > no-answer (error, frame 4)"},
		"close":   {func(c *expect.Capture) { c.Conversations[0].Close.First = "server" }, "0: close.first client > server"},
		"missing": {func(c *expect.Capture) { c.Conversations = c.Conversations[:2] }, "only A 2"},
		"new": {func(c *expect.Capture) {
			c.Conversations = append(c.Conversations, report.Record{Stream: 3, Server: report.Host{Port: 443}})
		}, "only B 3"},
	} {
		before, after := sample(), sample()
		for _, c := range []*expect.Capture{before, after} { // as real records have them
			for i := range c.Conversations {
				r := &c.Conversations[i]
				for _, e := range []*report.Endpoint{&r.Endpoints.Client, &r.Endpoints.Server} {
					e.Trajectory = append([]report.StepRecord{}, e.Trajectory...)
					for j := range e.Trajectory {
						e.Trajectory[j].Time = r.Start
					}
				}
			}
		}
		test.change(after)
		d := expect.Diff(packed(before), packed(after), tolerance)
		var got []string
		i := 0
		if err := expect.Each(t.Context(), d, 3, 0, func(p *expect.Pair) expect.Pair { return *p }, func(p expect.Pair) error {
			for _, c := range p.Changes {
				got = append(got, fmt.Sprintf("%d: %s %s > %s", i, c.Field, c.A, c.B))
			}
			i++
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		for _, r := range d.OnlyA {
			got = append(got, fmt.Sprint("only A ", r.Stream))
		}
		for _, r := range d.OnlyB {
			got = append(got, fmt.Sprint("only B ", r.Stream))
		}
		if s := strings.Join(got, "; "); s != test.want {
			t.Errorf("%s: %s\nwant %s", name, s, test.want)
		}
	}
}

func packed(c *expect.Capture) *expect.Packed {
	p := &expect.Packed{}
	for i := range c.Conversations {
		p.Add(&c.Conversations[len(c.Conversations)-1-i])
	}
	p.Sort()
	return p
}
