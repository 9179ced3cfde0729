package sightings

import (
	"math"
	"math/bits"
)

const (
	// registers bounds the error of an estimate: one standard deviation is 9 %.
	registers = 128
	indexBits = 7
	// highest is what a register of four bits can hold: enough for a million.
	highest = 15
)

// sketch counts different things in little room and without remembering any of
// them (HyperLogLog): two registers in each byte.
type sketch [registers / 2]byte

func (s *sketch) register(i int) byte { return s[i/2] >> (4 * (i % 2)) & highest }

// add notes a thing by its hash, and says whether that changed anything.
func (s *sketch) add(hash uint64) bool {
	i := int(hash >> (64 - indexBits))
	rank := byte(min(highest, bits.LeadingZeros64(hash<<indexBits|1)+1))
	if s.register(i) >= rank {
		return false
	}
	shift := 4 * (i % 2)
	s[i/2] = s[i/2]&^(highest<<shift) | rank<<shift
	return true
}

// filled counts the registers that hold anything in one of the two.
func filled(a, b *sketch) int {
	n := 0
	for i := range a {
		both := a[i] | b[i]
		if both&highest != 0 {
			n++
		}
		if both>>4 != 0 {
			n++
		}
	}
	return n
}

// estimate is how many different things were added to one of the two or both.
func estimate(a, b *sketch) int {
	sum, empty := 0.0, 0
	for i := range registers {
		rank := max(a.register(i), b.register(i))
		if rank == 0 {
			empty++
		}
		sum += 1 / float64(uint(1)<<rank)
	}
	const alpha = 0.7213 / (1 + 1.079/registers)
	raw := alpha * registers * registers / sum
	if raw <= 2.5*registers && empty > 0 {
		// Few things are told better by how many registers none has met.
		raw = registers * math.Log(registers/float64(empty))
	}
	return int(math.Round(raw))
}
