package habits

import (
	"fmt"
	"strings"
)

// Spoilt is a target that somebody could take for another one.
type Spoilt struct{ Name, Target string }

// inside are texts that servers skip, cut at or fold.
var inside = []string{
	";", ";a=b", "%3b", "%3Bx", ";/..", "%00", "%00.html", "%01", "%08", "%09", "%0a", "%0d%0a", "%0b", "%0c", "%1f", "%7f", "%20", "+", "%2b",
	".", "..", "...", "%2e", "%2e%2e", `\`, "%5c", "%5C..", "%25", "%2500", "%252e", "%252f", "%255c", "%25252e", "%25%32%65", "%23", "%3f", "%3Fx=y", "%26x",
	":", "%3a", "::$DATA", ":80", "*", "%2a", "~", "~1", "%7e", "!", "$", "&", "'", "(", ")", ",", "=", "@", "|", "^", "`", "[", "]", "{", "}", `"`, "<", ">",
	"%C2%A0", "%C2%AD", "%C2%85", "%E2%80%8B", "%E2%80%8D", "%E2%80%8F", "%E2%80%AE", "%E2%81%A0", "%EF%BB%BF", "%E3%80%80", "%E1%A0%8E", "%CC%81", "%C3%A9", "é",
	"%EF%BC%8F", "%EF%BC%8E", "%EF%BC%BC", "%EF%BC%9B", "%EF%BC%85", "%EF%BC%85%32%65", "%E2%81%84", "%E2%88%95", "%E2%80%A4", "%E2%80%A5", "%E3%80%82", "%EF%B9%8F",
	"%C0%AE", "%C0%AF", "%C0%80", "%C1%9C", "%E0%80%AF", "%E0%80%AE", "%F0%80%80%AF", "%ED%A0%80", "%FE", "%FF", "%80", "%E9",
	"%u002e", "%u002f", "%u005c", "%U002F", "%zz", "%", "%2", "%2x", "%%32%65", ".json", ".xml", ".html", ";.json", "%2ejson", "%3b.json", "%00.json",
}

// between are texts that servers take for the slash between two segments.
var between = []string{
	"%2f", "%2F", "%252f", "%25%32%66", `\`, "%5c", "%5C", "%255c", "//", "///", "/./", "/%2e/", "/.%00/", "/;/", "/;a=b/", "/%3b/", "/%20/", "/.;/", "/x/../", "/x/..;/",
	"/x/%2e%2e/", "/x/.%2e/", "/x/%252e%252e/", "/x/..%00/", "/x/..%0d/", "/x/..%20/", `/x\..\`, "/x%2f..%2f", "/x%5c..%5c", "/x/..%2f", "/x%2f../", "/x/%c0%ae%c0%ae/", "/x/%u002e%u002e/",
	"/x/%EF%BC%8E%EF%BC%8E/", "/x/%E2%80%A5/", "%c0%af", "%e0%80%af", "%u002f", "%u2215", "%EF%BC%8F", "%E2%88%95", "/%00/", "/%09/", "/%0a/", "/%2f/", "/~/",
}

// SpoilPath changes one place of a path in every way that some server undoes.
func SpoilPath(path string) []Spoilt {
	var all []Spoilt
	add := func(name, changed string) { all = append(all, Spoilt{name, changed}) }
	segments := strings.Split(strings.TrimPrefix(path, "/"), "/")
	with := func(i int, changed string) string {
		copied := append([]string(nil), segments...)
		copied[i] = changed
		return "/" + strings.Join(copied, "/")
	}
	for i, s := range segments {
		place := fmt.Sprintf(" in segment %d", i+1)
		half := (len(s) + 1) / 2
		for _, text := range inside {
			add(text+" at the end"+place, with(i, s+text))
			add(text+" in front"+place, with(i, text+s))
			add(text+place, with(i, s[:half]+text+s[half:]))
		}
		for name, changed := range map[string]string{
			"upper case": strings.ToUpper(s), "lower case": strings.ToLower(s), "the other case": other(s),
			"a letter encoded": escaped(s[:1]) + s[1:], "every letter encoded": escaped(s), "every letter encoded twice": strings.ReplaceAll(escaped(s), "%", "%25"),
			"fullwidth": shifted(s), "fullwidth and encoded": escaped(shifted(s)),
			"letters that fold":         strings.NewReplacer("s", "%C5%BF", "k", "%E2%84%AA", "S", "%C5%BF", "K", "%E2%84%AA").Replace(s),
			"a letter that looks alike": strings.NewReplacer("a", "%D0%B0", "e", "%D0%B5", "R", "%D0%AF").Replace(s),
		} {
			if changed != s {
				add(name+place, with(i, changed))
			}
		}
		for _, text := range between {
			if i > 0 {
				add(text+" before"+place, "/"+strings.Join(segments[:i], "/")+text+strings.Join(segments[i:], "/"))
			}
		}
	}
	for name, changed := range map[string]string{
		"a slash at the end": path + "/", "two slashes at the end": path + "//", "two slashes in front": "/" + path, "a dot segment at the end": path + "/.",
		"a double dot segment at the end": path + "/..", "an encoded one at the end": path + "/%2e%2e", "a segment that is undone": path + "/x/..",
		"a segment that is undone, for servlets": path + "/x/..;/", "no slash in front": path[1:], "a backslash in front": `\` + path[1:], "a dot segment in front": "/." + path,
		"a double dot segment in front": "/.." + path, "the absolute form": "http://other.example" + path, "the absolute form with a name": "http://a@other.example" + path,
		"the absolute form in upper case": "HTTP://OTHER.EXAMPLE" + path, "the absolute form of another scheme": "ftp://other.example" + path, "an authority": "//other.example" + path,
		"a fragment": path + "#x", "a fragment that hides a query": path + "#?x=y", "the asterisk": "*", "the authority form": "other.example:443",
	} {
		add(name, changed)
	}
	return all
}

// climbs are ways from below one path up to the root.
var climbs = []string{
	"/..", "/%2e%2e", "/.%2e", "/%2E.", "/..;", "/..;a=b", "/..%3b", "/%252e%252e", "/.%252e", "/..%00", "/..%0a", "/..%20", "/... ", "/..%09", `\..`, "%5c..", "%2f..", "%2f%2e%2e", "%252f..",
	"/..%2f.", "/..%5c.", "/..%c0%af.", "/%c0%ae%c0%ae", "/%u002e%u002e", "/%EF%BC%8E%EF%BC%8E", "/%E2%80%A5", "/.;/..", "/./..", "//..", "/;/..", "/.\t.", "/.%0d.",
}

// Climb leads from a path through the root to another.
func Climb(from, to string) []Spoilt {
	var all []Spoilt
	depth := strings.Count(from, "/")
	for _, text := range climbs {
		for _, times := range []int{depth, depth + 3} {
			all = append(all, Spoilt{fmt.Sprintf("%d times %s from %s", times, text, from), from + strings.Repeat(text, times) + to})
		}
		all = append(all, Spoilt{fmt.Sprintf("%s once from %s", text, from), from + text + "/" + to[strings.LastIndexByte(to, '/')+1:]})
	}
	return all
}

// SpoilQuery names the parameter's other value in every way that some reader
// takes for the parameter, beside the own value and without it.
func SpoilQuery(name, own, other string) []Spoilt {
	var all []Spoilt
	for _, changed := range spellings(name) {
		all = append(all,
			Spoilt{"other as " + changed + " behind", name + "=" + own + "&" + changed + "=" + other},
			Spoilt{"other as " + changed + " in front", changed + "=" + other + "&" + name + "=" + own},
			Spoilt{"other as " + changed + " alone", changed + "=" + other},
			Spoilt{"own as " + changed + " and other", changed + "=" + own + "&" + name + "=" + other})
	}
	for _, text := range []string{
		";%[1]s=%[3]s", "%%3b%[1]s=%[3]s", "&amp;%[1]s=%[3]s", "&&%[1]s=%[3]s", "%%26%[1]s=%[3]s", "%%26%[1]s%%3D%[3]s", "#&%[1]s=%[3]s", "%%23&%[1]s=%[3]s", "?%[1]s=%[3]s", "&?%[1]s=%[3]s",
		",%[3]s", "%%2C%[3]s", "%%00%[3]s", "%%0a%[3]s", "%%0d%%0a%[1]s=%[3]s", " %[1]s=%[3]s", "\t&%[1]s=%[3]s", "%%20", "+", "%%00", "%%2500", "%%252C%[3]s", "&%[1]s", "&%[1]s=", "&=%[3]s", "&%[1]s==%[3]s", "%%zz&%[1]s=%[3]s",
	} {
		all = append(all, Spoilt{"own and " + text, name + "=" + own + fmt.Sprintf(text, name, own, other)})
	}
	for _, value := range []string{other, "%" + fmt.Sprintf("%02X", other[0]) + other[1:], escaped(other), strings.ReplaceAll(escaped(other), "%", "%25"), strings.ToLower(other), other + "%00", "%20" + other, other + "+", "%09" + other} {
		all = append(all, Spoilt{"other as the value " + value, name + "=" + value})
	}
	return all
}

// spellings are names that some reader takes for the one.
func spellings(name string) []string {
	list := []string{
		name, strings.ToUpper(name), strings.ToUpper(name[:1]) + name[1:], other(name), escaped(name[:1]) + name[1:], escaped(name), strings.ReplaceAll(escaped(name), "%", "%25"),
		name[:1] + strings.ReplaceAll(escaped(name[1:2]), "%", "%25") + name[2:], strings.ReplaceAll(strings.ReplaceAll(escaped(name), "%", "%25"), "%", "%25"),
		escaped(shifted(name)), strings.NewReplacer("s", "%C5%BF", "k", "%E2%84%AA").Replace(name),
	}
	for _, text := range []string{"[]", "[0]", "[x]", "[][]", "%5B%5D", "%5b0%5d", "%255B%255D", "[", "%5b", "]", "%5D", "[]x", "[.]", ".", ".x", "%2e", "+", "%20", "%09", "%0a", "%0d", "%00", "%00x", "%0b", "%C2%A0", "%E2%80%8B", "!"} {
		list = append(list, name+text)
	}
	for _, text := range []string{"+", "%20", "%09", "%0a", "%00", "[", "%5b", "]", "[]", "_", "!", "!_", ".", "%C2%A0", "%EF%BB%BF", "?", "%3F", "&", "amp;", "$"} {
		list = append(list, text+name)
	}
	list = append(list, "["+name+"]", "%5B"+name+"%5D", "[["+name+"]]", "[]["+name+"]")
	for _, text := range []string{".", "+", "%20", "[", "%5B", "%2e", "%5f", "%255f", "%EF%BC%BF"} {
		if changed := strings.Replace(name, "_", text, 1); changed != name {
			list = append(list, changed)
		}
	}
	return list
}

// escaped writes every byte as an escape.
func escaped(text string) string {
	var b strings.Builder
	for _, c := range []byte(text) {
		fmt.Fprintf(&b, "%%%02x", c)
	}
	return b.String()
}

// shifted writes ASCII in its fullwidth forms.
func shifted(text string) string {
	return strings.Map(func(r rune) rune {
		if '!' <= r && r <= '~' {
			return r - '!' + '！'
		}
		return r
	}, text)
}

// other changes the case of every letter.
func other(text string) string {
	return strings.Map(func(r rune) rune {
		if 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' {
			return r ^ 0x20
		}
		return r
	}, text)
}
