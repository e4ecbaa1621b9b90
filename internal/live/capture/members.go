package capture

import (
	"encoding/binary"
	"slices"
	"sync"

	"tcptrace/analyzer/packet"
	"tcptrace/internal/input"
	"tcptrace/internal/wire"
)

// interfaces are those that frames come from, by Packet.Iface: first those that were asked for, then those that AnyInterface stands for, as
// frames of theirs come.
type interfaces struct {
	mu   sync.RWMutex
	list []input.Interface
}

// mostInterfaces bounds them: containers come and go. Frames of others are of AnyInterface.
const mostInterfaces = 4096

func (l *interfaces) add(i input.Interface) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.list = append(l.list, i)
}

func (l *interfaces) all() []input.Interface {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.list[:len(l.list):len(l.list)]
}

// at is the one with a number; the zero one if there is none.
func (l *interfaces) at(number uint16) input.Interface {
	list := l.all()
	if int(number) >= len(list) {
		return input.Interface{}
	}
	return list[number]
}

// member adds one of those that number stands for, by name, and returns its number.
func (l *interfaces) member(number uint16, name string) uint16 {
	l.mu.Lock()
	defer l.mu.Unlock()
	if i := slices.IndexFunc(l.list, func(is input.Interface) bool { return is.Name == name }); i >= 0 {
		return uint16(i)
	}
	if len(l.list) >= mostInterfaces {
		return number
	}
	is := l.list[number]
	is.Name = name
	l.list = append(l.list, is)
	return uint16(len(l.list) - 1)
}

// members are the interfaces of one that stands for others. It belongs to one goroutine.
type members struct {
	of      *interfaces
	name    func(number uint32) (string, error)
	all     uint16            // the number of the one that stands for them
	numbers map[uint32]uint16 // by the number that the system has for one
	last    uint32            // the system's number of the interface of the latest frame
	that    uint16            // and ours
}

// tell gives the frames of b, which have a cooked header with the system's number, the number of their interface. The system forgets the
// names of interfaces that are gone.
func (m *members) tell(b *packet.Batch) {
	for i := range b.Packets {
		data := b.Data(i)
		if b.Packets[i].Link != wire.LinkLinuxSLL2 || len(data) < 8 {
			continue
		}
		if index := binary.BigEndian.Uint32(data[4:]); index != m.last || index == 0 {
			m.last, m.that = index, m.number(index)
		}
		b.Packets[i].Iface = m.that
	}
}

func (m *members) number(index uint32) uint16 {
	if n, ok := m.numbers[index]; ok {
		return n
	}
	n := m.all
	if name, err := m.name(index); err == nil {
		n = m.of.member(m.all, name)
	}
	if len(m.numbers) < mostInterfaces {
		m.numbers[index] = n
	}
	return n
}
