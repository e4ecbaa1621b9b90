package analyzer_test

import "testing"

// TestConflicts: two segments for the same bytes conflict if their checksums say so, and only then.
func TestConflicts(t *testing.T) {
	const (
		again = request + "+1ms > P. 101:201(100) ack 201\n+1ms > P. 101:201(100) ack 201 @\n"
		named = request + "+1ms > P. 101:201(100) ack 201 ipid 77\n+10us > P. 101:201(100) ack 201 ipid 77 @\n"
		idle  = request + "+1ms > P. 101:201(100) ack 201\n+20ms < . 201:201(0) ack 201\n"
	)
	checkEdges(t, []edge{
		{"they have other bytes", again, says("overlap-conflict"), []string{"", "no", "fill X", "error"}},
		{"or the numbers in the header differ", again, says("overlap-conflict"), []string{"win 77", "no", "win 77 fill X", "error"}},
		{"and the timestamps", again, says("overlap-conflict"), []string{"<nop,nop,TS val 283746199 ecr 991827300>", "no", "<nop,nop,TS val 283746199 ecr 991827300> fill X", "error"}},
		{"options that the sum cannot be made of leave it open", again, says("overlap-conflict"), []string{"<nop,nop,sack 1:2> fill X", "no"}},
		{"the network card has yet to make a checksum", again, says("overlap-conflict"), []string{"partialsum fill X", "no"}},
		{"they begin and end alike", request + "+1ms > P. 101:201(100) ack 201\n+1ms > P. @ ack 201 fill X\n", says("overlap-conflict"),
			[]string{"101:201(100)", "error", "101:202(101)", "no", "102:201(99)", "no"}},
		{"of one sender", request + "+1ms > P. 101:201(100) ack 201\n+1ms @ 201:301(100) fill X\n", says("overlap-conflict"), []string{"< P.", "no"}},
		{"who computes checksums", "+0 > S 0:0(0) win 64240 <mss 1460> @\n+20ms < S. 0:0(0) ack 1 win 65160 <mss 1460>\n+50us > . 1:1(0) ack 1\n+1ms > P. 1:101(100) ack 1\n+1ms > P. 1:101(100) ack 1 fill X\n",
			says("overlap-conflict"), []string{"", "error", "partialsum", "no"}},
		{"a frame of which all is equal, the checksum too, was captured twice", named, says("capture-duplicates"), []string{"", "note", "fill X", "no"}},
		{"or one of the two before the network card computed that", named, says("capture-duplicates"), []string{"partialsum", "note", "partialsum fill X", "note"}},
		{"the octet of a keep-alive may be any", idle + "+1 > . 200:201(1) ack 201 @\n", says("overlap-conflict"), []string{"fill X", "no"}},
		{"also if that was sent alone", request + "+1ms > P. 101:102(1) ack 201\n+20ms < . 201:201(0) ack 102\n@ > . 101:102(1) ack 201 fill X\n", says("overlap-conflict"), []string{"+10", "no"}},
		{"what conflicts is no loss that was repaired", again + "+20ms < . 201:201(0) ack 201\n", says("packet-loss"), []string{"", "warning", "fill X", "no"}},
	})
}
