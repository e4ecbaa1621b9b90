package report

// Choices are the values of a flag such as --format, in the order in which help shows them; the first is the default.
type Choices[T any] []Choice[T]

// Choice is a value of such a flag, and what it stands for.
type Choice[T any] struct {
	Name string
	Help string // one line for people
	Is   T
}

// Names are the names in order.
func (l Choices[T]) Names() []string {
	names := make([]string, len(l))
	for i := range l {
		names[i] = l[i].Name
	}
	return names
}

// Find returns what name stands for; ok is false, and found zero, if there is no such name.
func (l Choices[T]) Find(name string) (found T, ok bool) {
	for i := range l {
		if l[i].Name == name {
			return l[i].Is, true
		}
	}
	return found, false
}
