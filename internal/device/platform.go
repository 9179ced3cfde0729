package device

import (
	"fmt"
	"slices"
	"strings"
)

// Platform is the kind of device that a client runs on. The set is closed,
// because it is a metric label, a kill switch and an application's property.
type Platform string

const (
	Android     Platform = "Android"
	IOS         Platform = "iOS"
	TVOS        Platform = "tvOS"
	FireOS      Platform = "FireOS"
	Roku        Platform = "Roku"
	Tizen       Platform = "Tizen"
	WebOS       Platform = "webOS"
	Xbox        Platform = "Xbox"
	PlayStation Platform = "PlayStation"
	Chromecast  Platform = "Chromecast"
	Windows     Platform = "Windows"
	MacOS       Platform = "macOS"
	Linux       Platform = "Linux"
	ChromeOS    Platform = "ChromeOS"
	// Browser is a page in a browser on a computer, where the system below
	// does not matter.
	Browser Platform = "Browser"
	// Other is every device that is not recognised.
	Other Platform = "Other"
)

// Platforms lists the closed set.
var Platforms = []Platform{
	Android, IOS, TVOS, FireOS, Roku, Tizen, WebOS, Xbox, PlayStation, Chromecast,
	Windows, MacOS, Linux, ChromeOS, Browser, Other,
}

// aliases maps other spellings, folded by fold, to the platform. The same
// table reads configurations and what devices say of themselves.
var aliases = map[string]Platform{
	"androidtv": Android, "androidos": Android, "androidmobile": Android, "googletv": Android, "wearos": Android,
	"iphone": IOS, "ipad": IOS, "ipados": IOS, "iphoneos": IOS, "ipod": IOS, "ipodtouch": IOS, "visionos": IOS,
	"appletv": TVOS, "appletvos": TVOS,
	"firetv": FireOS, "amazonfiretv": FireOS, "amazonfireos": FireOS, "firetablet": FireOS, "kindle": FireOS, "amazon": FireOS,
	"rokuos": Roku, "brightscript": Roku,
	"tizenos": Tizen, "samsungtv": Tizen, "samsungtizen": Tizen, "tizentv": Tizen,
	"lgtv": WebOS, "lgwebos": WebOS, "webostv": WebOS, "web0s": WebOS, "weboslg": WebOS,
	"xboxone": Xbox, "xboxos": Xbox, "xbox360": Xbox, "xboxseriesx": Xbox, "xboxseriess": Xbox, "xboxseriesxs": Xbox,
	"ps": PlayStation, "ps3": PlayStation, "ps4": PlayStation, "ps5": PlayStation,
	"playstation3": PlayStation, "playstation4": PlayStation, "playstation5": PlayStation, "orbisos": PlayStation,
	"googlecast": Chromecast, "crkey": Chromecast, "castos": Chromecast,
	"win": Windows, "win32": Windows, "windowsnt": Windows, "windows10": Windows, "windows11": Windows, "microsoftwindows": Windows,
	"mac": MacOS, "osx": MacOS, "macosx": MacOS, "macintosh": MacOS, "darwin": MacOS,
	"gnulinux": Linux, "ubuntu": Linux, "debian": Linux, "fedora": Linux,
	"cros": ChromeOS, "chromiumos": ChromeOS,
	"javascript": Browser, "js": Browser, "html5": Browser, "web": Browser, "desktop": Browser, "desktopbrowser": Browser, "webbrowser": Browser,
	"unknown": Other,
}

func init() {
	for _, platform := range Platforms {
		aliases[fold(string(platform))] = platform
	}
}

// fold makes "Fire TV", "fire_tv" and "FireTV" the same.
func fold(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
			return r
		default:
			return -1
		}
	}, text)
}

// ParsePlatform reads a platform as a person writes it in a configuration: the
// canonical name or a usual other one, without regard to case, spaces,
// hyphens and underscores.
func ParsePlatform(text string) (Platform, error) {
	if platform, known := aliases[fold(text)]; known {
		return platform, nil
	}
	names := make([]string, len(Platforms))
	for i, platform := range Platforms {
		names[i] = string(platform)
	}
	slices.Sort(names)
	return "", fmt.Errorf("platform: got %q, want one of %s", text, strings.Join(names, ", "))
}
