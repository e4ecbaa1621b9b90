package blocks

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"net/netip"
	"slices"
	"strings"
	"testing"
)

// builder makes blocks for tests.
type builder struct {
	order Order
	b     []byte
}

func (w *builder) block(kind uint32, body []byte) {
	b, at := Begin(w.b, w.order, kind)
	w.b = End(append(b, body...), w.order, at)
}

func (w *builder) option(b []byte, code uint16, value string) []byte {
	return AppendOption(b, w.order, code, value)
}

func (w *builder) words(words ...uint32) (b []byte) {
	for _, v := range words {
		b = w.order.AppendUint32(b, v)
	}
	return b
}

func (w *builder) link(kind uint16, snap uint32) []byte {
	return w.order.AppendUint32(w.order.AppendUint16(w.order.AppendUint16(nil, kind), 0), snap)
}

// section is one with a block of each kind.
func (w *builder) section(name string) {
	body := w.words(OrderMagic)
	body = w.order.AppendUint16(body, 1)
	body = w.order.AppendUint16(body, 0)
	body = w.order.AppendUint64(body, 4242) // a length that will not be true any more
	body = w.order.AppendUint32(w.option(body, optionComment, "comment of "+name), 0)
	w.block(Section, body)
	w.block(Interface, w.order.AppendUint32(w.option(w.option(w.link(1, 0), 2, "eth0"), 9, "\x09"), 0))
	w.block(Interface, w.link(113, 96)) // without options
	w.block(Names, w.order.AppendUint32(w.option(nil, recordIPv4, "\x0a\x00\x00\x01first\x00"), 0))
	w.block(10, append(w.words(0x544c534b, 5), "secret\x00\x00"...))
	w.block(Enhanced, append(w.words(0, 1, 2, 5, 60), "packe\x00\x00\x00"...))
	options := w.order.AppendUint32(w.option(w.option(nil, 2, "\x01\x00\x00\x00"), optionComment, "theirs"), 0)
	w.block(Enhanced, slices.Concat(w.words(1, 1, 3, 4, 4), []byte("data"), options))
	w.block(Simple, append(w.words(4), "simp"...))
	w.block(Obsolete, append(w.words(0, 1, 4, 4, 4), "obso"...))
	w.block(Statistics, w.words(0, 1, 5))
	w.block(0x0BAD, append(w.words(32473), "custom, without a rule to copy it or not"...))
	w.block(0x40000BAD, w.words(32473))
	w.block(0x12345678, make([]byte, 3*step))
}

func capture(orders ...Order) []byte {
	var w builder
	for _, o := range orders {
		w.order = o
		w.section(o.String())
	}
	return w.b
}

// parse is the blocks of a capture.
func parse(t *testing.T, b []byte) (list []Block) {
	t.Helper()
	for r := NewReader(bytes.NewReader(b)); ; {
		block, err := r.Next()
		if err == io.EOF {
			return list
		}
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, Block{Type: block.Type, Order: block.Order, Bytes: bytes.Clone(block.Bytes)})
	}
}

// comments takes the first n options of a block, which must be comments, and returns the block as it was without them.
func (b *Block) comments(t *testing.T, n int) (texts []string) {
	t.Helper()
	for range n {
		at := b.options()
		if at+4 > len(b.Bytes)-4 || b.Order.Uint16(b.Bytes[at:]) != optionComment {
			t.Fatalf("block of type %d has no comment in front: % x", b.Type, b.Bytes[at:])
		}
		size := int(b.Order.Uint16(b.Bytes[at+2:]))
		texts = append(texts, string(b.Bytes[at+4:at+4+size]))
		b.Bytes = slices.Delete(b.Bytes, at, at+4+padded(size))
	}
	if at := b.options(); n > 0 && at == len(b.Bytes)-8 { // the end of options is not needed without any
		b.Bytes = slices.Delete(b.Bytes, at, at+4)
	}
	b.Order.PutUint32(b.Bytes[4:], uint32(len(b.Bytes)))
	b.Order.PutUint32(b.Bytes[len(b.Bytes)-4:], uint32(len(b.Bytes)))
	return texts
}

// TestCopy: nothing but comments and names is added, in either byte order, in any section.
func TestCopy(t *testing.T) {
	in := capture(binary.LittleEndian, binary.BigEndian, binary.LittleEndian)
	hosts := []Host{{netip.MustParseAddr("10.0.0.1"), "one.example"}, {netip.MustParseAddr("2001:db8::1"), "two.example"}}
	var out bytes.Buffer
	c := NewCopy(bytes.NewReader(in), &out, Changes{Comments: []string{"all"}, Hosts: hosts})
	said := map[uint64][]string{1: {"a"}, 2: {"b", "c"}, 3: {"for a block without options"}, 4: {"d"}, 9: {"e"}, 16: {strings.Repeat("long", 1000)}}
	for _, n := range []uint64{1, 2, 3, 4, 9, 16} {
		if err := c.To(n, said[n]); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Finish(12); err != nil || c.Packets != 12 || c.Mute != 2 {
		t.Fatal(err, c.Packets, c.Mute)
	}
	want, got := parse(t, in), parse(t, out.Bytes())
	got[0].expect(t, &want[0], []string{"all"})
	names := got[3]
	if names.Type != Names || !bytes.Contains(names.Bytes, []byte("\x0a\x00\x00\x01one.example\x00")) || !bytes.Contains(names.Bytes, []byte("\x01two.example\x00")) {
		t.Errorf("the names are not behind the interfaces: %d % x", names.Type, names.Bytes)
	}
	got = slices.Delete(got, 3, 4)
	number := uint64(0)
	for i := range min(len(got), len(want)) {
		var texts []string
		if IsFrame(want[i].Type) {
			number++
			texts = said[number]
		}
		if want[i].Type == Simple {
			texts = nil
		}
		if i > 0 {
			got[i].expect(t, &want[i], texts)
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d blocks, want %d", len(got), len(want))
	}
}

// expect compares a block with what it was, but for comments.
func (b *Block) expect(t *testing.T, was *Block, texts []string) {
	t.Helper()
	if got := b.comments(t, len(texts)); !slices.Equal(got, texts) {
		t.Errorf("comments %q, want %q", got, texts)
	}
	if b.Type == Section {
		if n := b.Order.Uint64(b.Bytes[16:]); n != 1<<64-1 {
			t.Errorf("a section's length is %d", n)
		}
		copy(b.Bytes[16:24], was.Bytes[16:24])
	}
	if b.Type != was.Type || b.Order != was.Order || !bytes.Equal(b.Bytes, was.Bytes) {
		t.Errorf("block of type %d\n% x\nbecame, of type %d,\n% x", was.Type, was.Bytes, b.Type, b.Bytes)
	}
}

// TestOnly: all but the packets that were not asked for is copied.
func TestOnly(t *testing.T) {
	in := capture(binary.BigEndian, binary.LittleEndian)
	var out bytes.Buffer
	c := NewCopy(bytes.NewReader(in), &out, Changes{Only: true})
	for _, n := range []uint64{2, 3, 10} {
		if err := c.To(n, nil); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Finish(8); err != nil {
		t.Fatal(err)
	}
	number := 0
	want := slices.DeleteFunc(parse(t, in), func(b Block) bool {
		if IsFrame(b.Type) {
			number++
		}
		return b.IsPacket() && number != 2 && number != 3 && number != 10
	})
	got := parse(t, out.Bytes())
	if len(got) != len(want) {
		t.Fatalf("%d blocks, want %d", len(got), len(want))
	}
	for i := range got {
		got[i].expect(t, &want[i], nil)
	}
}

// TestAlone: packets are numbered alone where that is asked for, and with the other frames else.
func TestAlone(t *testing.T) {
	w := builder{order: binary.LittleEndian}
	w.section("one")
	w.section("two")
	for _, alone := range []bool{false, true} {
		c := NewCopy(bytes.NewReader(w.b), io.Discard, Changes{Alone: alone})
		number := uint64(7)
		if alone {
			number = 5
		}
		if err := c.To(number, nil); err != nil || c.Packets != 5 || c.Frames != number || !c.in.block.IsPacket() {
			t.Errorf("%v: packet %d is frame %d, want %d", err, c.Packets, c.Frames, number)
		}
	}
}

// TestFinish: no packet is written beyond those that there were, what is between them is.
func TestFinish(t *testing.T) {
	in := capture(binary.LittleEndian)
	for total, want := range map[uint64]int{0: 5, 1: 6, 3: 8, 4: 13, 5: 13} {
		var out bytes.Buffer
		if err := NewCopy(bytes.NewReader(in), &out, Changes{}).Finish(total); err != nil {
			t.Fatal(err)
		}
		if got := len(parse(t, out.Bytes())); got != want {
			t.Errorf("%d packets: %d blocks, want %d", total, got, want)
		}
	}
	if err := NewCopy(bytes.NewReader(in), io.Discard, Changes{}).To(5, nil); !errors.Is(err, ErrShort) {
		t.Errorf("a packet that is not there: %v", err)
	}
}

// TestDamaged: a copy ends before what is no block, and is whole.
func TestDamaged(t *testing.T) {
	in := capture(binary.BigEndian)
	blocks := parse(t, in)
	ends := []int{0}
	for _, b := range blocks {
		ends = append(ends, ends[len(ends)-1]+len(b.Bytes))
	}
	check := func(what string, in []byte, want int) {
		t.Helper()
		var out bytes.Buffer
		if err := NewCopy(bytes.NewReader(in), &out, Changes{}).Finish(100); err != nil {
			t.Fatal(what, err)
		}
		if got := len(parse(t, out.Bytes())); got != want {
			t.Errorf("%s: %d blocks, want %d", what, got, want)
		}
	}
	for i, b := range blocks {
		start, end := ends[i], ends[i+1]
		check("cut before its end", in[:end-1], i)
		check("cut at its end", in[:end], i+1)
		check("cut in its header", in[:start+11], i)
		for _, at := range []int{start + 7, end - 1} { // a length that is off by one, at either end
			bad := bytes.Clone(in)
			bad[at]++
			check("a wrong length", bad, i)
		}
		if least := fixed[b.Type] + 4; least > 4 {
			var w builder
			w.order = binary.BigEndian
			w.b = append(w.b, in[:ends[1]]...)
			for _, size := range []int{least, least - 4} {
				w.b = w.b[:ends[1]]
				body := make([]byte, size-12)
				copy(body, b.Bytes[8:])
				w.block(b.Type, body)
				if fits := NewReader(bytes.NewReader(w.b)); size == least {
					fits.Next()
					if _, err := fits.Next(); err != nil {
						t.Errorf("the shortest block of type %d: %v", b.Type, err)
					}
				} else if fits.Next(); true {
					if _, err := fits.Next(); err != ErrDamaged {
						t.Errorf("a block of type %d that is too short: %v", b.Type, err)
					}
				}
			}
		}
	}
}

// TestLong: what is not looked into may be longer than what is held, and is copied as it is.
func TestLong(t *testing.T) {
	w := builder{order: binary.LittleEndian}
	w.section("little")
	w.block(0x12345678, make([]byte, most))
	w.block(Simple, w.words(0))
	var out bytes.Buffer
	c := NewCopy(bytes.NewReader(w.b), &out, Changes{})
	if err := c.Finish(5); err != nil || c.Packets != 5 || out.Len() != len(w.b) {
		t.Errorf("%v: %d packets, %d of %d bytes", err, c.Packets, out.Len(), len(w.b))
	}
	if _, err := NewReader(bytes.NewReader(w.b[len(w.b)-16-most-12:])).Next(); err != nil {
		t.Error(err)
	}
	w.b = nil
	w.block(Enhanced, make([]byte, most-8))
	if _, err := NewReader(bytes.NewReader(w.b)).Next(); err != ErrDamaged {
		t.Errorf("a packet of more than can be held: %v", err)
	}
}

// TestComments: the comments of a packet are found wherever it is asked for, escaped and bounded.
func TestComments(t *testing.T) {
	w := builder{order: binary.BigEndian}
	w.section("big")
	body := append(w.words(0, 1, 2, 4, 4), "data"...)
	for range mostComments + 1 {
		body = w.option(body, optionComment, "\x1b[31m two\nlines")
	}
	w.block(Enhanced, body)
	w.block(Enhanced, w.option(append(w.words(0, 1, 2, 4, 4), "data"...), optionComment, strings.Repeat("x", mostComment+1)))
	w.block(Enhanced, append(append(w.words(0, 1, 2, 4, 4), "data"...), 0, 1, 0, 9, 'a', 'b', 'c', 'd')) // longer than its block
	opened := 0
	c := NewComments(func() (io.ReadCloser, error) {
		opened++
		return io.NopCloser(bytes.NewReader(w.b)), nil
	})
	for _, number := range []uint64{1, 2, 2, 3, 4, 5, 6, 7, 8, 9, 10, 2} {
		got := c.Of(number)
		var want []string
		switch number {
		case 2:
			want = []string{"theirs"}
		case 7:
			want = slices.Repeat([]string{`\x1b[31m two lines`}, mostComments)
		case 8:
			want = []string{strings.Repeat("x", mostComment-3) + "..."}
		}
		if !slices.Equal(got, want) {
			t.Errorf("packet %d: %q, want %q", number, got, want)
		}
	}
	if c.Close(); opened != 2 {
		t.Errorf("opened %d times, want 2", opened)
	}
	bad := NewComments(func() (io.ReadCloser, error) { return nil, io.ErrClosedPipe })
	if got := bad.Of(1); got != nil {
		t.Errorf("%q", got)
	}
}

// TestFrames: a set has what was added, in order.
func TestFrames(t *testing.T) {
	var f Frames
	for _, n := range []uint64{64, 1, 63, 1000, 1} {
		f.Add(n)
	}
	if got := slices.Collect(f.All()); !slices.Equal(got, []uint64{1, 63, 64, 1000}) {
		t.Errorf("%d", got)
	}
	for range f.All() {
		break
	}
}
