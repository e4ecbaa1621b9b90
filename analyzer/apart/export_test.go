package apart

// SocketsOf is Sockets with these.
func SocketsOf(ids ...ID) Sockets {
	var s socketSet
	for _, id := range ids {
		s.add(id)
	}
	return s.pack()
}
