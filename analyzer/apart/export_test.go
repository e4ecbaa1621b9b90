package apart

// SocketsOf is Sockets with these.
func SocketsOf(ids ...ID) Sockets {
	var s socketSet
	for _, id := range ids {
		s.add(id, 0)
	}
	return s.pack()
}

// Amount is amount.
var Amount = amount

// All is all that is in a bundle.
func (o *Opened) All() (all []Packed) {
	for p, ok := o.Next(); ok; p, ok = o.Next() {
		all = append(all, p)
	}
	return all
}
