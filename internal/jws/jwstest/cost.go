package jwstest

import (
	"runtime"
	"testing"
)

// MostMemory is how much a hostile text of 16 KiB may make a verifier allocate.
const MostMemory = 1600 << 10

// Allocated is how many bytes one call allocates, on average.
func Allocated(call func()) uint64 {
	const calls = 5
	call() // what is made once is nobody's fault
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range calls {
		call()
	}
	runtime.ReadMemStats(&after)
	return (after.TotalAlloc - before.TotalAlloc) / calls
}

// Defuse fails the test for every bomb with which the call allocates too much,
// and tells the worst.
func (g Good) Defuse(t *testing.T, call func(raw string)) {
	t.Helper()
	var worst uint64
	var which string
	for _, b := range g.Bombs() {
		bytes := Allocated(func() { call(b.Raw) })
		if bytes > MostMemory {
			t.Errorf("%s: %d bytes are allocated, at most %d are wanted", b.Name, bytes, MostMemory)
		}
		if bytes > worst {
			worst, which = bytes, b.Name
		}
	}
	t.Logf("the worst are %s, with %d KiB", which, worst>>10)
}

// Detonate is a benchmark of each bomb.
func (g Good) Detonate(b *testing.B, call func(raw string)) {
	b.Helper()
	for _, bomb := range g.Bombs() {
		b.Run(bomb.Name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				call(bomb.Raw)
			}
		})
	}
}
