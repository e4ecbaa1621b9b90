package main

import (
	"cmp"
	"slices"

	"tcptrace/analyzer/apart"
)

// packed is what is handed on of two sockets in a capture.
type packed struct {
	number int64 // of the capture
	apart.Packed
}

// unbundled is what is in bundles, in the order of sockets and captures. Each bundle has its own in that order.
type unbundled struct {
	list []*opened // those in which there is something left, in the order of what is next
}

// opened is a bundle, and what is next in it.
type opened struct {
	packed
	rest *apart.Opened
}

func unbundle(bundles []bundle) (*unbundled, error) {
	u, err := apart.NewUnbundler()
	if err != nil {
		return nil, err
	}
	defer u.Close()
	all := &unbundled{}
	for i := range bundles {
		b := &bundles[i]
		o := &opened{packed: packed{number: b.Number}}
		if o.rest, err = u.Open(b.Data); err != nil {
			return nil, err
		}
		b.Data = nil
		var some bool
		if o.Packed, some = o.rest.Next(); some {
			all.list = slices.Insert(all.list, place(all.list, o), o)
		}
	}
	return all, nil
}

// next is what comes next. ok is false if there is nothing more.
func (u *unbundled) next() (p packed, ok bool) {
	if len(u.list) == 0 {
		return p, false
	}
	o, others := u.list[0], u.list[1:]
	p = o.packed
	if o.Packed, ok = o.rest.Next(); !ok {
		u.list[0], u.list = nil, others // its memory is free as soon as what is returned is joined
		return p, true
	}
	i := place(others, o)
	copy(u.list, others[:i])
	u.list[i] = o
	return p, true
}

// place is where a bundle goes among others.
func place(list []*opened, o *opened) int {
	i, _ := slices.BinarySearchFunc(list, o, func(a, b *opened) int { return cmp.Or(cmp.Compare(a.Key, b.Key), cmp.Compare(a.number, b.number)) })
	return i
}
