package observe

import (
	"context"
	"fmt"

	"tcptrace/analyzer"
	"tcptrace/analyzer/packet"
	"tcptrace/internal/live/capture"
	"tcptrace/internal/live/dump"
	"tcptrace/internal/live/metrics"
	"tcptrace/report"
)

// files are where packets are written.
type files struct {
	path   string
	writer *dump.Writer // nil: nowhere
	keeper *dump.Keeper // nil: all are
	sorter *dump.Sorter // behind keeper
	known  int          // interfaces that writer knows
}

// Write has packets written from now on, to what is said to be path: all, or those that KeepOn chooses.
func (s *Session) Write(w *dump.Writer, path string) {
	s.files = files{path: path, writer: w}
	s.knowInterfaces()
	if s.KeepOn == nil {
		s.Loop.OnPacket(func(p *analyzer.Numbered) { s.Warn(s.writePacket(p.Packet, p.Data, p.Frame)) })
		return
	}
	f := &s.files
	f.sorter = dump.NewSorter(dump.SortOptions{}, s.writePacket)
	f.keeper = dump.NewKeeper(dump.KeepOptions{}, f.sorter.Packet)
	s.Loop.OnPacket(func(p *analyzer.Numbered) {
		if p.TCP {
			s.Warn(f.keeper.Packet(p.Stream, p.Packet, p.Data, p.Frame))
		}
	})
}

// knowInterfaces tells the writer what interfaces there are so far.
func (s *Session) knowInterfaces() {
	list := s.Source.Interfaces()
	s.files.known = len(list)
	s.files.writer.Know(list)
}

// writePacket writes a packet, which may be the first of its interface.
func (s *Session) writePacket(p *packet.Packet, data []byte, frame uint64) error {
	if int(p.Iface) >= s.files.known {
		s.knowInterfaces()
	}
	return s.files.writer.Packet(p, data, frame)
}

// Save is what the view does to save a conversation, by its first frame; nil if packets are not kept for that.
func (s *Session) Save() func(first uint64) string {
	if s.files.keeper == nil {
		return nil
	}
	return func(first uint64) (text string) {
		text = "the conversation is over: its packets are not kept any more"
		s.Loop.Monitor().Find(first, func(seen *analyzer.Seen) {
			stream := seen.Conversation.Stream
			s.Warn(s.files.keeper.Want(stream))
			text = fmt.Sprintf("packets of #%d are written to %s", stream, s.files.path)
		})
		return text
	}
}

// Counted adds up what came from all interfaces, or did not; nil where that is not known.
func (s *Session) Counted() func() (received, dropped uint64) {
	if _, ok := s.Source.(*capture.Capture); !ok {
		return nil
	}
	return func() (received, dropped uint64) {
		for _, n := range s.Interfaces() {
			received, dropped = received+n.Received, dropped+n.Dropped+n.Missed
		}
		return received, dropped
	}
}

// Buffers is how many bytes the kernel holds for the capture; 0 where nothing is captured.
func (s *Session) Buffers() uint64 {
	if src, ok := s.Source.(*capture.Capture); ok {
		return src.Buffers()
	}
	return 0
}

// Interfaces is how many packets of each interface came, or did not. Of a replay it is not known.
func (s *Session) Interfaces() []metrics.Interface {
	src, ok := s.Source.(*capture.Capture)
	if !ok {
		return nil
	}
	known := src.Interfaces()
	counts := src.Counts()
	list := make([]metrics.Interface, len(counts))
	for i, n := range counts {
		list[i] = metrics.Interface{Name: known[i].Name, Received: n.Received, Dropped: n.Dropped, Missed: n.Missed}
	}
	return list
}

// LeftOut is what did not fit into the bounds of the files, of the view and of what the kernel says.
func (s *Session) LeftOut() (n metrics.Counts) {
	if s.Kernel != nil {
		n[metrics.BoundKernel], n[metrics.BoundHolders] = s.Kernel.Lost(), s.Kernel.Unlisted()
	}
	n[metrics.BoundWords], n[metrics.BoundHeld] = s.words.hurried, s.held.leftOut()
	if w := s.files.writer; w != nil {
		counts := w.Counts()
		n[metrics.BoundDisk], n[metrics.BoundRotation] = counts.LeftOut, counts.DeletedPackets
	}
	if k := s.files.keeper; k != nil {
		counts := k.Counts()
		n[metrics.BoundKeepOne], n[metrics.BoundKeepAll], n[metrics.BoundKeepOrder] = counts.Aged, counts.Crowded, s.files.sorter.Late()
	}
	if s.View != nil {
		n[metrics.BoundFollow] = s.View.Forgotten()
	}
	return n
}

// CloseFiles waits until all packets are written, and tells what became of them.
func (s *Session) CloseFiles(ctx context.Context) {
	if s.files.writer == nil {
		return
	}
	if s.files.sorter != nil {
		s.Warn(s.files.sorter.Close())
	}
	n, err := s.files.writer.Close(context.WithoutCancel(ctx))
	s.Warn(err)
	text := fmt.Sprintf("%s: %s in %s", s.files.path, report.Counted(n.Packets-n.DeletedPackets, "packet"), report.Counted(n.Files-n.Deleted, "file"))
	if s.files.keeper != nil {
		k := s.files.keeper.Counts()
		text += " of " + report.Counted(k.Wanted, "conversation")
		if k.Missing > 0 {
			text += "; " + report.Counted(k.Missing, "packet") + " of them had been given up before they were wanted"
		}
		if late := s.files.sorter.Late(); late > 0 {
			text += "; " + report.Counted(late, "packet") + " came after younger ones: their conversations were wanted late"
		}
	}
	if n.Deleted > 0 {
		text += fmt.Sprintf("; %s in %s were deleted", report.Counted(n.DeletedPackets, "packet"), report.Counted(n.Deleted, "older file"))
	}
	if n.LeftOut > 0 {
		text += "; " + report.Counted(n.LeftOut, "packet") + " could not be written"
	}
	if n.Unpacked > 0 {
		text += "; " + report.Counted(n.Unpacked, "file") + " could not be compressed"
	}
	s.Note("%s", text)
}
