package analyzer_test

import (
	"slices"
	"strings"
	"testing"

	"tcptrace/internal/wire"
)

// breakers are damages that broke an invariant, and what did.
var breakers = []struct{ golden, damage, what string }{
	{"data-before-syn-ack", "0A00000000000!0", "an RST with a wrong checksum behind data of an older connection"},
	{"blind-syn", "08\x05X0C010010X0&", "a SYN that provoked an ACK, and the clock went back between them"},
	{"fast-retransmit-long-rtt", "0&09000/1X010000)0", "data behind a FIN that their sender did not send"},
	{"data-before-syn-ack", "X07", "data from before the first captured to behind the last"},
	{"sack-of-unsent", "0000000+ 000000000000000", "the handshake's ACK is below the SYN-ACK; what follows is not"},
	{"idle-hour", "0000002000002000000000&0", "a FIN with bytes, far below the stream"},
	{"port-reuse-after-reset", "000X0$", "an RST in front of the handshake's ACK, by a clock that steps back"},
	{"timewait-reuse", "000200000000000X0C", "a SYN-ACK that opens nothing, before the clock steps back"},
	{"aborted", "X0$", "a handshake behind what came of it"},
	{"simultaneous-open", "000X02", "a SYN behind its sender's SYN-ACK"},
	{"reboot-same-isn", "0'a200000000000X02200", "bytes before the stream, twice"},
	{"close-wait-keep-alive", "0/7000000000", "a lone RST with SYN"},
	{"cooked", "00000001C", "bytes in front of the FIN of a SYN"},
	{"close-server", "000000X0700000000000000X07", "both FINs late"},
	{"fin-wait-2-timeout-rst-ack", "000200200000X010*\xc8", "a FIN long behind its ACK"},
	{"probe-scan", "X01", "a probe behind an RST"},
	{"ipv6-extension-headers", "X02X07", "a SYN-ACK behind its sender's data"},
	{"qinq", "X02200000000000200", "data in front of what shows their sender's SYN-ACK"},
	{"capture-reordered", "X02X07", "a SYN-ACK behind all that followed"},
	{"simultaneous-open", "\x02&2\x01\x00\x00\x00/\x00", "a segment without flags in front of the handshake's ACK"},
	{"simultaneous-open-reordered", "\x01\x00\x00\x04/\x7f", "a SYN-ACK behind data of both"},
	{"split-handshake", "\x00\x1b\x7f\x01\x00\x00\x01\x00\x00\x04/\x8c", "a SYN-ACK behind data that do not acknowledge it"},
	{"timewait-rst-after-restart", strings.Repeat("\x01\x00\x00", 8) + "\x04/\x7f", "an RST behind the end of TIME_WAIT, in front of what restarts it"},
	{"paws-rejected", strings.Repeat("\x01\x00\x00", 5) + "\x02/2", "data in flight with an old timestamp, that come again"},
	{"paws-fin-taken", strings.Repeat("\x01\x00\x00", 6) + "\x04P\xcd", "a FIN with an old timestamp, behind which its sender goes on"},
	{"rst-outside-window", "\x01\x00\x00\x023\x01\x01\x00\x00\x00/2", "a SYN-ACK with the number of data"},
	{"overlap-conflict", "\x01\x00\x00\x02P\x12\x01\x00\x00\x00/c", "a SYN with FIN and the number of data"},
	{"own-syn-challenged", strings.Repeat("\x01\x00\x00", 7) + "\x00\x103", "a SYN with data into the open connection"},
	{"blind-syn", "0000000000000/2", "data of a SYN-ACK that was not accepted"},
	{"synack-first", "\x00'j\x01\x00\x00\x01\x00\x00\x01\x00\x00\x01\x00\x00\x00/\x05", "a SYN-ACK with a number beyond all that both sides go on with, and an RST with FIN"},
	{"synack-first", "\x00&\x01\t\x00\x00\x02/\x00\x03\x00\x00\x00*\x04", "the same, and an ACK far off"},
	{"self-connect", "\x00/\x12", "a SYN-ACK to itself at the start"},
	{"self-connect", "0!00001000000000000)0", "an ACK from before the stream behind the FIN of a socket that is connected to itself"},
	{"self-connect-reset", "\x00/\xff", "an RST with SYN to itself"},
	{"qinq", "\x01\x00\x00\x01\x00\x00\x004\x02\x002\b" + strings.Repeat("\x01\x00\x00", 4) + "\x02\x12\x18", "an ACK of much more than a FIN, long before it"},
	{"fin-without-ack-repeated", strings.Repeat("\x01\x00\x00", 10) + "\x00&=", "data behind a FIN that came without ACK and again with it"},
	{"rst-behind-challenge", "\x01\x00\x00\x04$\xe5\x01\x00\x00\x04$\x04\x01\x00\x00\x00/0", "a SYN-ACK behind its sender's RST"},
	{"syn-data-ignored", "\x04%\x02", "a SYN with data behind these"},
	{"split-handshake", "\x00&L", "a SYN with another ISN than its sender's SYN-ACK, which its peer had acknowledged"},
	{"split-handshake", "\x01\x00\x00\x01\x00\x00\x01\x00\x00\x00/0", "an ACK with the number of the SYN instead of a SYN-ACK"},
	{"split-handshake", "\x00'\x7f\x01\x00\x00\x01\x00\x00\x00(\x05", "a SYN and a SYN-ACK with another ISN than what follows"},
	{"simultaneous-open", "\x00'\x9a\x01\x00\x00\x01\x00\x00\x02n\x02", "the same of who opens at the same time"},
	{"half-open-discovered", "\x01\x00\x00\x01\x00\x00\x00/\x10", "an ACK far ahead in front of the SYN that comes again"},
	{"half-open-discovered-once", "\x01\x00\x00\x00/\x11", "a FIN of an older connection"},
	{"syn-fin-taken", "\x01\x00\x00\x00&B", "the ACK of another SYN-ACK than that which acknowledged a FIN"},
	{"simultaneous-open-lost", "0&0X01", "an ACK of a SYN that comes behind another: its sender is the client after all, which only the amendment says"},
	{"simultaneous-open-reset", "\x01\x00\x00\x042\x14\x05T\x14\x00/2", "a SYN-ACK behind the RST that refuses"},
	{"simultaneous-open-reordered", "\x04*\x02\x00/\x11\x01\x00\x00\x01\x00\x00\x02#\xe4\x00*\xfd", "data of both behind a SYN-ACK that nothing acknowledges"},
	{"retransmitted-fin", "0&\xfb2000000*\xc8", "data that acknowledge what a SYN does not begin"},
}

// FuzzReadings damages golden captures in their TCP headers: numbers, lengths and flags change, frames are dropped, repeated,
// swapped and late.
func FuzzReadings(f *testing.F) {
	captures := goldenFrames(f)
	for i := range captures {
		f.Add(uint16(i), []byte{})
		f.Add(uint16(i), []byte{0, 38, 1, 9, 0, 0, 2, 47, 0, 3, 0, 1, 4, 0, 9, 0, 42, 200, 5, 0, 3, 0, 41, 3})
	}
	for _, b := range breakers {
		f.Add(uint16(goldenIndex(f, b.golden)), []byte(b.damage))
	}
	f.Fuzz(func(t *testing.T, which uint16, damage []byte) {
		frames := slices.Clone(captures[int(which)%len(captures)])
		for i := 0; i < len(frames) && len(damage) >= 3; i++ {
			kind, at, value := damage[0], int(damage[1]), damage[2]
			damage = damage[3:]
			fr := frames[i]
			switch kind % 6 {
			case 0:
				if at < len(fr.Data) {
					frames[i].Data = slices.Clone(fr.Data)
					frames[i].Data[at] = value
				}
			case 2:
				frames = slices.Delete(frames, i, i+1)
			case 3:
				frames = slices.Insert(frames, i, fr)
				i++
			case 4:
				j := min(i+int(value%8), len(frames)-1)
				frames[i], frames[j] = frames[j], frames[i]
			case 5:
				for j := i; j < len(frames); j++ {
					frames[j].Time += int64(value) << (at % 32)
				}
			}
		}
		r := newReadings(t, "damaged")
		for _, fr := range frames {
			r.feed(wire.LinkType(fr.Link), fr.Data, fr.WireLen, fr.Time)
		}
		r.close()
	})
}
