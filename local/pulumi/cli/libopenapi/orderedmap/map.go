// Package orderedmap has the names that the CLI compiles with. No document is read, so every map is empty.
package orderedmap

import "iter"

// Map is always empty.
type Map[K comparable, V any] struct{}

// New makes an empty map.
func New[K comparable, V any]() *Map[K, V] {
	return &Map[K, V]{}
}

// Len is 0.
func Len[K comparable, V any](*Map[K, V]) int {
	return 0
}

// Get finds nothing.
func (*Map[K, V]) Get(K) (value V, found bool) {
	return
}

// GetOrZero finds nothing.
func (*Map[K, V]) GetOrZero(K) (value V) {
	return
}

// Set stores nothing.
func (*Map[K, V]) Set(K, V) (previous V, replaced bool) {
	return
}

// Delete deletes nothing.
func (*Map[K, V]) Delete(K) (value V, found bool) {
	return
}

// FromOldest yields nothing.
func (*Map[K, V]) FromOldest() iter.Seq2[K, V] {
	return func(func(K, V) bool) {}
}

// KeysFromOldest yields nothing.
func (*Map[K, V]) KeysFromOldest() iter.Seq[K] {
	return func(func(K) bool) {}
}
