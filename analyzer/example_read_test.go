package analyzer_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/google/gopacket/pcapgo"

	"tcptrace/analyzer"
	"tcptrace/analyzer/capturefile"
	"tcptrace/analyzer/packet"
)

// The conversations of a capture file.
func ExampleRead() {
	file := capturefile.Open("../testdata/pcaps/refused-retries.pcap")
	defer file.Close()
	for c, err := range analyzer.Read(context.Background(), file, analyzer.Options{}) {
		if err != nil {
			fmt.Println(err)
			break
		}
		fmt.Println(c.Stream, c.Addr[analyzer.Client], c.Addr[analyzer.Server], c.Outcome, c.Packets(), "packets")
	}
	// Output:
	// 0 10.0.0.1:49821 10.0.0.2:81 refused 6 packets
}

// Packets that gopacket reads, from a file or an interface.
func ExampleRead_gopacket() {
	file, err := os.Open("../testdata/pcaps/refused-retries.pcap")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer file.Close()
	reader, err := pcapgo.NewReader(file)
	if err != nil {
		fmt.Println(err)
		return
	}
	for c, err := range analyzer.Read(context.Background(), packet.From(reader, reader.LinkType()), analyzer.Options{}) {
		fmt.Println(c.Stream, c.Outcome, err)
	}
	// Output:
	// 0 refused <nil>
}

// What was read of a capture that is cut short comes first, then what is wrong with it.
func ExampleRead_cutShort() {
	whole, err := os.Open("../testdata/pcaps/refused-retries.pcap")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer whole.Close()
	file := capturefile.NewReader(io.LimitReader(whole, 300))
	for c, err := range analyzer.Read(context.Background(), file, analyzer.Options{}) {
		if damage, ok := errors.AsType[*packet.Error](err); ok {
			fmt.Println("cut at", damage.Offset)
			break
		}
		fmt.Println(c.Packets(), "packets")
	}
	// Output:
	// 3 packets
	// cut at 258
}

// busiest keeps the busiest conversation: a Sink.
type busiest struct {
	packets uint64
	rtt     analyzer.RTT // of the server's ACKs
}

func (b *busiest) Conversation(c *analyzer.Conversation) error {
	if c.Packets() > b.packets {
		b.packets, b.rtt = c.Packets(), c.Sent[analyzer.Client].RTT
	}
	return nil
}

// A Sink gets the conversations, and the summary says what became of all packets.
func ExampleRun() {
	file := capturefile.Open("../testdata/pcaps/fast-retransmit.pcap")
	defer file.Close()
	var sink busiest
	summary, err := analyzer.Run(context.Background(), file, analyzer.Options{MSL: time.Minute}, &sink)
	if failed, ok := errors.AsType[*analyzer.SinkError](err); ok {
		fmt.Println("the sink failed:", failed.Err)
	}
	fmt.Println(summary.TCP, "TCP packets,", summary.Conversations, "conversation")
	fmt.Println(sink.packets, "packets,", sink.rtt.Samples, "round trips of", sink.rtt.Min, "or more")
	// Output:
	// 17 TCP packets, 1 conversation
	// 17 packets, 3 round trips of 40.1ms or more
}

// A judgment says which states the endpoints went through, how that is known, and what went wrong.
func ExampleJudgment() {
	file := capturefile.Open("../testdata/pcaps/refused-retries.pcap")
	defer file.Close()
	var j analyzer.Judgment
	for c := range analyzer.Read(context.Background(), file, analyzer.Options{}) {
		j.Judge(c)
		for _, step := range j.Trajectory[analyzer.Client] {
			fmt.Println(step.Time.Sub(c.Start), step.State, step.Evidence)
		}
		for _, a := range j.Anomalies {
			fmt.Println(a.Kind.Severity, a.Kind.ID)
		}
		fmt.Println(j.Close.Cause)
	}
	// Output:
	// 0s SYN_SENT sent
	// 20.1ms CLOSED acknowledged
	// 520.1ms SYN_SENT sent
	// 540.2ms CLOSED acknowledged
	// 1.0402s SYN_SENT sent
	// 1.0603s CLOSED assumed
	// error connection-refused
	// warning syn-retransmit
	// note rst-in-handshake
	// refused
}
