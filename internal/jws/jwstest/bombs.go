package jwstest

import (
	"strconv"
	"strings"

	"github.com/caddy-dcr/caddy-dcr/internal/jws"
)

// Bomb is a text that fits and is meant to cost as much as it can. It may be
// good.
type Bomb struct{ Name, Raw string }

// Bombs fill a text of 16 KiB with what readers are known to spend time and
// memory on, in the claims and in the header, and sign it well: nobody but the
// signer could do worse.
func (g Good) Bombs() []Bomb {
	var all []Bomb
	add := func(name, raw string) {
		if len(raw) > jws.MaxSize {
			panic("a bomb that does not fit: " + name)
		}
		all = append(all, Bomb{name, raw})
	}
	room := jws.MaxSize*3/4 - len(g.Header.String()) - len(g.Claims.String()) - 600
	for name, fill := range map[string]func(room int) string{
		"names": func(room int) string {
			return object(room, func(i int) string { return `"` + strconv.FormatInt(int64(i), 36) + `":0` })
		},
		"names of escapes": func(room int) string {
			return object(room, func(i int) string { return `"\u00` + hex2(i/256) + `\u00` + hex2(i%256) + `":0` })
		},
		"objects of a name": func(room int) string {
			return array(room, func(int) string { return `{"a":0}` })
		},
		"objects of as many names as need a table": func(room int) string {
			return array(room, func(int) string {
				return `{"a":0,"b":0,"c":0,"d":0,"e":0,"f":0,"g":0,"h":0,"i":0,"j":0,"k":0,"l":0,"m":0,"n":0,"o":0,"p":0,"q":0}`
			})
		},
		"objects as deep as may be": func(room int) string {
			return array(room, func(int) string { return strings.Repeat(`{"a":`, 13) + "0" + strings.Repeat("}", 13) })
		},
		"arrays as deep as may be": func(room int) string {
			return array(room, func(int) string { return strings.Repeat("[", 13) + strings.Repeat("]", 13) })
		},
		"empty arrays":       func(room int) string { return array(room, func(int) string { return "[]" }) },
		"brackets":           func(room int) string { return strings.Repeat("[", room) },
		"a long number":      func(room int) string { return "1" + strings.Repeat("0", room) },
		"a long fraction":    func(room int) string { return "0." + strings.Repeat("1", room) },
		"a long exponent":    func(room int) string { return "1e" + strings.Repeat("9", room) },
		"numbers":            func(room int) string { return array(room, func(int) string { return "1e9" }) },
		"escapes":            func(room int) string { return `"` + strings.Repeat(`\u0041`, room/6) + `"` },
		"surrogate pairs":    func(room int) string { return `"` + strings.Repeat(`\ud83d\ude00`, room/12) + `"` },
		"long characters":    func(room int) string { return `"` + strings.Repeat("😀", room/4) + `"` },
		"white space":        func(room int) string { return strings.Repeat(" ", room) + "0" },
		"a long text":        func(room int) string { return `"` + strings.Repeat("x", room) + `"` },
		"a text with no end": func(room int) string { return `"` + strings.Repeat("x", room) },
	} {
		add(name, Compact(g.Key, g.Header.String(), g.Claims.And("x", fill(room)).String()))
		add(name+" in the header", Compact(g.Key, g.Header.And("x", fill(room)).String(), g.Claims.String()))
	}
	again := `"` + g.Claims[0].Name + `":0`
	names := strings.TrimPrefix(object(room-len(again), func(i int) string { return `"` + strconv.FormatInt(int64(i), 36) + `":0` }), "{")
	add("names, and a known one at the end", Compact(g.Key, g.Header.String(), strings.TrimSuffix(g.Claims.String(), "}")+","+strings.TrimSuffix(names, "}")+","+again+"}"))
	for _, name := range []string{"iss", "exp", "aud"} {
		add("a long number as "+name, Compact(g.Key, g.Header.String(), g.Claims.With(name, strings.Repeat("9", room)).String()))
	}
	add("an audience of many", Compact(g.Key, g.Header.String(), g.Claims.With("aud", array(room, func(int) string { return `"x"` })).String()))
	add("a long key id", Compact(g.Key, g.Header.With("kid", `"`+strings.Repeat("k", room)+`"`).String(), g.Claims.String()))
	add("letters", strings.Repeat("A", jws.MaxSize))
	add("dots", strings.Repeat(".", jws.MaxSize))
	add("a long signature", Encode(g.Header.String())+"."+Encode(g.Claims.String())+"."+strings.Repeat("A", room))
	return all
}

func object(room int, member func(i int) string) string { return "{" + list(room-2, member) + "}" }
func array(room int, element func(i int) string) string { return "[" + list(room-2, element) + "]" }

// list makes as many as there is room for.
func list(room int, one func(i int) string) string {
	var b strings.Builder
	for i := 0; ; i++ {
		next := one(i)
		if b.Len()+len(next)+1 > room {
			return b.String()
		}
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(next)
	}
}

func hex2(n int) string {
	const digits = "0123456789abcdef"
	return string(digits[n>>4&15]) + string(digits[n&15])
}
