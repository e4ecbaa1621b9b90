package report

import (
	"crypto/sha1"
	"encoding/binary"
	"io"
	"strconv"

	"tcptrace/analyzer"
	"tcptrace/report/internal/output"
)

// zeekFields are the columns of conn.log and their Zeek types, in the order of
// Zeek's own log with the community_id policy loaded.
var zeekFields = [...][2]string{
	{"ts", "time"},
	{"uid", "string"},
	{"id.orig_h", "addr"},
	{"id.orig_p", "port"},
	{"id.resp_h", "addr"},
	{"id.resp_p", "port"},
	{"proto", "enum"},
	{"service", "string"},
	{"duration", "interval"},
	{"orig_bytes", "count"},
	{"resp_bytes", "count"},
	{"conn_state", "string"},
	{"local_orig", "bool"},
	{"local_resp", "bool"},
	{"missed_bytes", "count"},
	{"history", "string"},
	{"orig_pkts", "count"},
	{"orig_ip_bytes", "count"},
	{"resp_pkts", "count"},
	{"resp_ip_bytes", "count"},
	{"tunnel_parents", "set[string]"},
	{"ip_proto", "count"},
	{"community_id", "string"},
}

const (
	zeekDateFormat = "2006-01-02-15-04-05"
	base62         = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
)

// Zeek writes a conn.log that Zeek's tools read. It differs from Zeek's own in
// three ways: duration runs to the last packet; what tcptrace does not
// judge (service, local_orig, local_resp; without statistics missed_bytes) is unset; and #open and #close
// are times of the capture, so that the same capture gives the same bytes:
// the start of the first conversation written, and the last packet.
type Zeek struct {
	out   output.Buffer
	begun bool
}

// NewZeek returns a report that writes to w.
func NewZeek(w io.Writer) *Zeek { return &Zeek{out: output.NewBuffer(w)} }

func (r *Zeek) begin(open analyzer.Time) {
	r.begun = true
	b := append(r.out.B, "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tconn\n"...)
	b = open.Time().AppendFormat(append(b, "#open\t"...), zeekDateFormat)
	for i, heading := range []string{"\n#fields", "\n#types"} {
		b = append(b, heading...)
		for _, field := range zeekFields {
			b = append(append(b, '\t'), field[i]...)
		}
	}
	r.out.B = append(b, '\n')
}

// Conversation writes the line of c.
func (r *Zeek) Conversation(c *analyzer.Conversation) error {
	if !r.begun {
		r.begin(c.Start)
	}
	client, server := c.Addr[analyzer.Client], c.Addr[analyzer.Server]
	orig, resp := &c.Sent[analyzer.Client], &c.Sent[analyzer.Server]
	b := output.AppendSeconds6(r.out.B, int64(c.Start))
	b = appendZeekUID(append(b, '\t'), c)
	b = client.Addr().AppendTo(append(b, '\t'))
	b = appendZeekCount(b, uint64(client.Port()))
	b = server.Addr().AppendTo(append(b, '\t'))
	b = appendZeekCount(b, uint64(server.Port()))
	b = output.AppendSeconds6(append(b, "\ttcp\t-\t"...), int64(c.Duration()))
	b = appendZeekCount(b, orig.StreamBytes)
	b = appendZeekCount(b, resp.StreamBytes)
	b = append(append(b, '\t'), c.ConnState.String()...)
	b = append(b, "\t-\t-"...)
	if c.Quick {
		b = append(b, "\t-"...)
	} else {
		b = appendZeekCount(b, orig.MissedBytes+resp.MissedBytes)
	}
	b = append(b, '\t')
	empty := len(b)
	if b = c.History.Append(b); len(b) == empty {
		b = append(b, '-')
	}
	b = appendZeekCount(b, orig.Packets)
	b = appendZeekCount(b, orig.IPBytes)
	b = appendZeekCount(b, resp.Packets)
	b = appendZeekCount(b, resp.IPBytes)
	b = append(b, "\t(empty)\t6\t"...)
	r.out.B = append(output.AppendCommunityID(b, client, server), '\n')
	return r.out.Spill()
}

// Finish writes the end of the log.
func (r *Zeek) Finish(s *analyzer.Summary) error {
	if !r.begun {
		r.begin(s.Start)
	}
	r.out.B = s.End.Time().AppendFormat(append(r.out.B, "#close\t"...), zeekDateFormat)
	r.out.B = append(r.out.B, '\n')
	return r.out.Flush()
}

func appendZeekCount(b []byte, n uint64) []byte {
	return strconv.AppendUint(append(b, '\t'), n, 10)
}

// appendZeekUID appends an identifier shaped like Zeek's, C and 17 letters and
// digits. Zeek's are random; these depend on the conversation only, so that two
// runs over a capture agree.
func appendZeekUID(b []byte, c *analyzer.Conversation) []byte {
	var room [16 + 16 + 2 + 2 + 8 + 8]byte
	in := room[:0]
	for _, a := range c.Addr {
		in = output.AppendAddrBytes(in, a.Addr())
		in = binary.BigEndian.AppendUint16(in, a.Port())
	}
	in = binary.BigEndian.AppendUint64(in, uint64(c.Start))
	in = binary.BigEndian.AppendUint64(in, c.Stream)
	sum := sha1.Sum(in)
	b = append(b, 'C')
	for _, x := range sum[:17] {
		b = append(b, base62[int(x)%len(base62)])
	}
	return b
}
