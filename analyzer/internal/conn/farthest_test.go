package conn

import (
	"fmt"
	"testing"

	"tcptrace/internal/wire"
)

// TestFarthest: no number that no window reaches (65,535 x 2^14 bytes) is of a connection.
func TestFarthest(t *testing.T) {
	const (
		middle = "+0 > P. 1:101(100) ack 1\n+20ms < . 1:1(0) ack 101\n" // of a connection whose opening was not captured
	)
	sent := after(func(c *Conn, _ *FactPool) string { return fmt.Sprint(uint32(c.Half[0].End)) })
	lacks := after(func(c *Conn, p *FactPool) string {
		m := c.Find(&p.Incidents, IncidentHole, 0)
		if m == nil {
			return "nothing"
		}
		return fmt.Sprint(uint64(m.Hole.To - m.Hole.From))
	})
	missed := after(func(c *Conn, p *FactPool) string {
		m := c.Find(&p.Incidents, IncidentUnseen, 0)
		if m == nil {
			return "nothing"
		}
		return fmt.Sprint(m.Amount)
	})
	another := func(c *Conn, _ *FactPool, last *wire.Segment) string {
		return fmt.Sprint(c.IsForeignSYN(&c.Half[last.Dir], last))
	}
	checkEdges(t, []edge{
		{"data", opened + "+1ms > P. @(100) ack 1\n", sent, []string{"1073725441:1073725541", "1073725541", "1073725442:1073725542", "1"}},
		{"what the capture lacks in front of data", opened + "+1ms > P. @(100) ack 1\n", lacks, []string{"1073725441:1073725541", "1073725440", "1073725442:1073725542", "nothing"}},
		{"an acknowledgment", opened + "+1ms < . 1:1(0) ack @\n", acked(1), []string{"1073725441", "1073725441", "1073725442", "1"}},
		{"what the capture lacks of what is acknowledged", opened + "+1ms < . 1:1(0) ack @\n", missed, []string{"1073725441", "1073725440", "1073725442", "nothing"}},
		{"an ISN in front of what was sent", middle + "+1ms > S @(0) win 64240\n", another, []string{"0:0", "false", "1:1", "true", "-1073725440:-1073725440", "false", "-1073725441:-1073725441", "true"}},
	})
}
