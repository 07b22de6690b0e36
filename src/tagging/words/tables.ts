/**
 * The closed lists that the word rules read. All entries are lower-case.
 */

/** Contractions written as one word, with the lengths of their parts: `cannot` is `can` and `not`. */
export const MERGED: ReadonlyMap<string, readonly number[]> = new Map(
  (
    "can-not gon-na wan-na got-ta out-ta lem-me gim-me du-n-no what-cha " +
    "do-nt wo-nt ca-nt did-nt does-nt could-nt would-nt should-nt is-nt was-nt wase-nt are-nt ar-nt were-nt " +
    "have-nt hav-nt has-nt had-nt ai-nt i-m i-ve you-re you-ve you-ll they-re they-ve he-s that-s there-s " +
    "here-s what-s let-s it-ll"
  )
    .split(" ")
    .map((entry) => {
      const parts = entry.split("-");
      return [parts.join(""), parts.map((part) => part.length)];
    }),
);
/** Longest key of MERGED. */
export const LONGEST_MERGED = 8;

/** What may follow an apostrophe as a word of its own: `it 's`. `n't` is treated beside. */
export const CLITICS = words("s m re ve ll d");

/** Words that begin with an apostrophe: `'em`. */
export const ELIDED = words("em n cause cuz coz til till bout round tis twas nuff neath");

/**
 * Prefixes that stay with their word across a hyphen, other than every other hyphen, which is a word: the list
 * of the LDC's word tokenisation for web text, less those that EWT splits.
 */
export const HYPHEN_PREFIXES = words(
  "e anti arch ante bi bio co contra counter cyber de eco ex extra intra macro mega micro mid mini multi " +
    "neo non over pan para peri post pre pro proto pseudo quasi re semi socio psycho sub super supra trans tri ultra " +
    "un uni cross",
);

/** Endings that stay with their word across a hyphen: `career-wise`. */
export const HYPHEN_SUFFIXES = words("able aholic esque ette fest fold gate itis less rama wise ish");

/** Abbreviations with a slash inside; every other slash is a word. */
export const SLASHED = words("w/o w/out w/in b/t b/c i/s l/c i/c n/a a/c p/e r/c");

/** Titles and the like, which never end a sentence: their period stays with them. */
export const TITLES = words(
  "dr mr mrs mlle mme ms messrs prof st mt ft gen col lt sgt capt cmdr maj adm rev fr hon gov sen rep reps pres vs attn " +
    "fig eg ie cf viz approx est dept univ",
);

/** Abbreviations, whose period stays with them but at the end of a sentence. */
export const ABBREVIATIONS = words(
  "jan feb apr jun jul aug sept sep oct nov dec mon tue tues wed thu thur thurs fri " +
    "inc corp co ltd bros jr sr etc al esp vol ext arrv lv blvd ave rd ste bldg conf sec para spec mins hrs yrs " +
    "lb lbs oz pp ph mob tel et ps rec dom intl assoc " +
    "misc incl excl",
);

/** Abbreviations only where capitalised. */
export const STATES = words("va la wa pa ga fla calif tex mass conn mich minn ariz colo okla tenn wis");

/** Words after which `its` before them is `it s`: none follows a possessive. */
export const AFTER_IT_IS = words(
  "a an the not really very simply just also been still always never so too now all no like definitely probably getting going",
);

/** Words that keep a period only before a number: `No. 5`. */
export const BEFORE_NUMBER = words("no nos p art ch fig vol sec sat sun mar may pg eq");

/** Words that open a sentence after an abbreviation: `at 5 p.m. The`. */
export const OPENERS = words(
  "the this that these those it he she we they i you there here a an in on at for if when while as but and so " +
    "however please thanks thank what who why how where is are do does can could would will not no yes my your " +
    "our his her its their to from with after before since because although also then now just all some any",
);

/** Units that are a word of their own after a number written without a blank: `5 kg`. */
export const UNITS = words(
  "am pm a.m p.m k m mm cm km nm bn mn mil ft in lb lbs kg mg g oz hz khz mhz ghz kb mb gb tb kbps mbps gbps kw mw " +
    "kwh mwh gw hh hp mph kph rpm psi sqft x p b hr hrs h min mins sec secs s ms yr yrs wks pts pcs px f c l ml v w",
);

/** File name extensions and top-level domains by which `a.b` is known as a name rather than a missing blank. */
export const NAME_ENDINGS = words(
  "com org net edu gov mil info biz io uk ca fr ru jp eu au nz ie ch nl tv local internal " +
    "doc docx xls xlsx ppt pptx pdf txt csv tsv json jsonl xml yaml yml html htm php asp aspx jsp cfm md log cfg conf " +
    "ini js mjs ts tsx jsx css py rb java class jar go rs cpp hpp sh bat ps1 exe dll so zip gz tar tgz rar iso bin dat " +
    "db sql bak tmp url lnk msg eml ics vcf jpg jpeg png gif bmp tif tiff svg mp3 mp4 avi mov wav mpg psd key pem crt " +
    "lock toml xls dmp dtf",
);

function words(list: string): ReadonlySet<string> {
  return new Set(list.split(" "));
}
