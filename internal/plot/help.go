package plot

// Values are those of flags, for completion.
var Values = map[string][]string{"kind": Kinds, "format": Formats, "from": Sides, "theme": Themes, "time": Times}

// Help is what the command says of itself.
const Help = `plot draws a conversation, or a whole capture, over time. Of one conversation (--stream N):

  sequence    the time-sequence graph of Ostermann's tcptrace: segments as bars, what was acknowledged, the edge of the
              window, and its marks: R sent again, O out of order, S SACK, 3 third duplicate ACK, Z zero window, P probe,
              U urgent, CE congestion mark, SYN, FIN, RST; x is what the receiver did not accept
  window      bytes in flight, and the window that the peer offers
  rtt         round trip times, from each segment to its acknowledgment
  throughput  payload per second, and how much of it was sent again
  states      the states of both endpoints: hatched where assumed, with brackets for when they were entered
  ladder      the segments as arrows between the endpoints, sloped by their distances; lost ones end between them

Of the whole capture, without --stream: connections (existing, opened, failed), loss (what was sent again, and why), rtt.

The extension of OUT chooses the format: .svg, .png, .pdf, .xpl (for xplot, as Ostermann's tcptrace
writes it; --kind sequence only) or .csv (for gnuplot: set datafile separator ','). --format overrides it; with --format and without -o the
plot goes to standard output. CSV and xplot have all segments; a picture leaves out what it has no room for, but no mark
of a retransmission, FIN or RST that is alone in its column. With --stream the input is read twice, so it cannot be a
pipe. In --begin and --end, +1.5s is since the first packet of the conversation.`

// Examples of the command.
const Examples = `  tcptrace plot capture.pcapng --stream 3 --kind sequence -o sequence.svg
  tcptrace plot capture.pcapng --stream 3 --kind ladder --end +200ms --theme dark -o ladder.png
  tcptrace plot capture.pcapng --stream 3 --kind sequence --from server -o sequence.xpl &&
    xplot sequence.xpl
  tcptrace plot capture.pcapng --kind loss --time local -o loss.pdf`
