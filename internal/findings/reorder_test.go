package findings_test

import (
	"fmt"
	"strings"
	"testing"
)

// overtaking is an answer of 60 segments of which so many came behind later ones, and so many of these were sent again for that, in vain: the receiver had
// taken the three behind it for a sign of loss, and reports later that the bytes came twice.
func overtaking(late, again int) string {
	var b strings.Builder
	b.WriteString(open)
	b.WriteString("+20ms < . 1:1(0) ack 201\n")
	at := func(i int) string { return fmt.Sprintf("%d:%d(1460)", 1+1460*i, 1+1460*(i+1)) }
	seq := func(i int) int { return 1 + 1460*i }
	resent := 0 // each is a packet of its own
	for i := 0; i < 60; i += 6 {
		first := []int{0, 1, 2, 3, 4, 5}
		if late > 0 {
			first, late = []int{0, 2, 3, 4, 1, 5}, late-1
		}
		gap := "+1ms"
		for n, j := range first {
			fmt.Fprintf(&b, "%s < . %s ack 201 ipid %d\n", gap, at(i+j), 9000+i+j+resent)
			gap = "+200us"
			switch {
			case first[1] == 1:
				fmt.Fprintf(&b, "+60us > . 201:201(0) ack %d\n", seq(i+j+1))
			case n > 0 && n < 4:
				fmt.Fprintf(&b, "+60us > . 201:201(0) ack %d <nop,nop,sack %d:%d>\n", seq(i+1), seq(i+2), seq(i+j+1))
			case n == 0:
				fmt.Fprintf(&b, "+60us > . 201:201(0) ack %d\n", seq(i+1))
			default:
				fmt.Fprintf(&b, "+60us > . 201:201(0) ack %d\n", seq(i+max(5, j+1)))
			}
		}
		if first[1] != 1 && again > 0 {
			again--
			resent++
			fmt.Fprintf(&b, "+20ms < . %s ack 201 ipid %d\n+60us > . 201:201(0) ack %d <nop,nop,sack %d:%d>\n", at(i+1), 9000+i+5+resent, seq(i+6), seq(i+1), seq(i+2))
		}
	}
	end := seq(60)
	fmt.Fprintf(&b, "+3ms < F. %d:%d(0) ack 201\n+20ms > F. 201:201(0) ack %d\n+100us < . %d:%d(0) ack 202\n", end, end, end+1, end+1, end+1)
	return b.String()
}

// TestReordered: segments that overtook each other are told of if that made their sender send again, or if they were many.
func TestReordered(t *testing.T) {
	for _, c := range []struct {
		late, again int
		want        string
	}{{4, 2, "reordered-server"}, {3, 1, "reordered-server"}, {2, 1, ""}, {4, 0, ""}, {10, 0, "reordered-server"}, {9, 0, ""}} {
		p := newPlanted(t)
		p.addHealthy()
		some(6, "", "10.20.0.9:443", overtaking(c.late, c.again))(p)
		s := look(t, p.capture())
		s.check(t)
		got := ""
		for i := range s.found.Findings {
			f := &s.found.Findings[i]
			got += f.ID
			if f.Factor == nil || f.Factor.Value != "10.20.0.9:443" || f.AgainBytes != uint64(6*c.again*1460) {
				t.Errorf("%v: %s", c, f.Text)
			}
		}
		if got != c.want {
			t.Errorf("%v: %q, want %q", c, got, c.want)
			if len(s.found.Findings) > 0 {
				t.Log(s.found.Findings[0].Text, s.found.Findings[0].Where)
			}
			for i := range s.records {
				if r := &s.records[i]; r.Server.Port == 443 && r.Server.IP == "10.20.0.9" {
					t.Log(r.Endpoints.Server.Sent.OutOfOrderPackets, r.Endpoints.Server.Sent.SpuriousPackets, r.Endpoints.Server.Sent.DataPackets)
					break
				}
			}
		}
	}
}
