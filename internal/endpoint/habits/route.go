package habits

import "strings"

// Match says whether the server's router takes the path for the pattern, of
// literals, {name} and {name...}, and which values it reads. It knows no other
// patterns, for a router may ask for them in any order.
func (s Server) Match(pattern, path string) (values map[string]string, ok bool) {
	values = map[string]string{}
	for {
		var want, got string
		var wantMore, gotMore bool
		if name, rest := strings.CutSuffix(pattern, "...}"); rest && strings.HasPrefix(name, "{") {
			values[name[1:]] = path
			return values, path != ""
		}
		want, pattern, wantMore = strings.Cut(pattern, "/")
		got, path, gotMore = strings.Cut(path, "/")
		name, isName := strings.CutPrefix(want, "{")
		switch {
		case isName && got == "":
			return nil, false
		case isName:
			values[strings.TrimSuffix(name, "}")] = got
		case got != want && !(s.Fold && strings.EqualFold(got, want)):
			return nil, false
		}
		if wantMore != gotMore {
			return nil, false
		}
		if !wantMore {
			return values, true
		}
	}
}

// covers says whether the general pattern takes every path that the other
// takes.
func covers(general, pattern string) bool {
	for {
		if strings.HasPrefix(general, "{") && strings.HasSuffix(general, "...}") {
			return pattern != ""
		}
		var want, got string
		var wantMore, gotMore bool
		want, general, wantMore = strings.Cut(general, "/")
		got, pattern, gotMore = strings.Cut(pattern, "/")
		isName := strings.HasPrefix(want, "{")
		if strings.HasSuffix(got, "...}") || wantMore != gotMore || !isName && want != got {
			return false
		}
		if !wantMore {
			return true
		}
	}
}
