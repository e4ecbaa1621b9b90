package findings_test

import (
	"strings"
	"testing"

	"tcptrace/internal/testutil/scripts"
)

// TestDoubled: copies of a tenth of the packets are the capture's doing; the network doubles fewer.
func TestDoubled(t *testing.T) {
	var (
		request = open + "+20ms < P. 1:501(500) ack 201 dup +4us\n+60us > . 201:201(0) ack 501\n" // 6 packets and a copy
	)
	scripts.Edge(t, "one copy of 10 packets, of 11", request+"@", []string{
		strings.Repeat("+1ms > . 201:201(0) ack 501\n", 3), "duplicates",
		strings.Repeat("+1ms > . 201:201(0) ack 501\n", 4), "",
	}, func(t *testing.T, script string) string {
		var ids []string
		for _, f := range look(t, scripts.Frames(t, script)).found.Findings {
			ids = append(ids, f.ID)
		}
		return strings.Join(ids, " ")
	})
}
