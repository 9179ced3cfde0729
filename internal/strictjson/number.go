package strictjson

import (
	"strconv"
	"strings"
)

const (
	// maxInteger is the largest integer that every JSON reader reads exactly
	// (RFC 8259 section 6).
	maxInteger = 1<<53 - 1
	// maxDate is the last second of the year 9999. Milliseconds given for
	// seconds are beyond it, and so is everything that could overflow later.
	maxDate = 253402300799
)

// Int64 gives the value of a member that is an integer, written as one: neither
// a fraction nor an exponent, and within what every reader reads exactly.
func (o Object) Int64(name string) (value int64, present bool, err error) {
	raw, present := o.find(name)
	if !present {
		return 0, false, nil
	}
	value, err = strconv.ParseInt(raw, 10, 64)
	if err != nil || value < -maxInteger || value > maxInteger {
		return 0, true, wrongType(name, "an integer")
	}
	return value, true, nil
}

// NumericDate gives the value of a member that is a NumericDate of RFC 7519
// section 2, in whole seconds. A fraction is cut off. An exponent is refused:
// nobody writes today's date with one, and readers overflow on them.
func (o Object) NumericDate(name string) (seconds int64, present bool, err error) {
	raw, present := o.find(name)
	if !present {
		return 0, false, nil
	}
	whole, fraction, fractional := strings.Cut(raw, ".")
	if fractional && strings.ContainsAny(fraction, "eE") {
		return 0, true, wrongType(name, "a date in seconds")
	}
	seconds, err = strconv.ParseInt(whole, 10, 64)
	if err != nil || seconds < 1 || seconds > maxDate {
		return 0, true, wrongType(name, "a date in seconds")
	}
	return seconds, true, nil
}
