//! What only the Rust type itself can say: what an `Option` of it is in memory, and how a type that has
//! no table is read and written.
//!
//! Lifetimes are erased: an ops of `T<'static>` serves all `T<'a>`, whose memory is the same.
#![allow(unsafe_code)]

use core::any::TypeId;
use core::fmt;
use core::mem::{MaybeUninit, size_of};

use crate::own::Own;
use crate::{Reader, TlRead, TlWrite, Writer};

use super::layout::{narrow, to_u8, to_u16};
use super::plan::Sort;
use super::rows::Layout;

/// What an `Option<T>` is in memory.
pub struct OptionOps {
    /// Of the option.
    pub(super) layout: Layout,
    pub(super) presence: Presence,
}

/// How an option says whether it holds a value.
#[derive(Clone, Copy)]
pub(super) struct Presence {
    /// Where it says it.
    pub(super) offset: u32,
    /// In how many bytes: 1, 2, 4 or those of a `usize`.
    pub(super) width: u8,
    /// What they are if there is no value: in bytes, the lowest and the highest, others are zero.
    pub(super) none: u16,
    /// It has a byte of its own, which is 1 if there is a value.
    pub(super) is_marked: bool,
    /// Where the value is.
    pub(super) value: u32,
}

/// That only the highest bit of a word is set: what the capacity of a vector never is.
pub(super) const TOP: u16 = 0x8000;

/// The bytes of a `usize`.
const WORD: usize = size_of::<usize>();

impl Presence {
    /// A `bool` that is one.
    pub(super) const FLAG: Self = Self {
        offset: 0,
        width: 1,
        none: 0,
        is_marked: true,
        value: 0,
    };

    pub(super) const fn sort(self) -> Sort {
        if self.is_marked {
            return Sort::Mark;
        }
        match (self.width as usize, self.none) {
            (1, _) => Sort::Byte,
            (WORD, 0) => Sort::Zero,
            (WORD, TOP) => Sort::Top,
            _ => Sort::Other,
        }
    }
}

impl OptionOps {
    /// Those of a type.
    #[must_use]
    pub const fn of<T>() -> &'static Self {
        trait Of {
            const OPS: OptionOps;
        }
        impl<T> Of for T {
            const OPS: OptionOps = OptionOps {
                layout: Layout::of::<Option<T>>(),
                presence: match size_of::<Option<T>>() == size_of::<T>() {
                    true => find_niche::<T>(),
                    false => find_mark::<T>(),
                },
            };
        }
        &<T as Of>::OPS
    }
}

/// Makes some bytes that number.
///
/// # Safety
/// So many bytes, 2, 4 or those of a word, may be written.
pub(super) unsafe fn set(place: *mut u8, width: u8, none: u16) {
    // SAFETY: see above.
    unsafe {
        match usize::from(width) {
            2 => place.cast::<u16>().write(none),
            WORD => place.cast::<usize>().write(word(none)),
            _ => place.cast::<u32>().write(quad(none)),
        }
    }
}

/// An option in memory, as bytes: some of them may be left out.
type Slot<T> = MaybeUninit<Option<T>>;

const fn is_some<T>(slot: &Slot<T>) -> bool {
    // SAFETY: whether it is there is told by bytes that are initialised; no other is looked at. At
    // compile time the compiler refuses the program if this is not so.
    unsafe { (&*slot.as_ptr()).is_some() }
}

/// The number that two bytes make as the lowest and highest of so many.
const fn number(none: u16, width: usize) -> usize {
    ((none >> 8) as usize) << (8 * (width - 1)) | (none & 0xff) as usize
}

/// The same of four bytes.
const fn quad(none: u16) -> u32 {
    (none as u32 >> 8) << 24 | (none as u32 & 0xff)
}

/// The same of a word.
pub(super) const fn word(none: u16) -> usize {
    number(none, WORD)
}

/// Whether some bytes are not that number.
///
/// # Safety
/// So many bytes, 1, 2, 4 or those of a word, may be read.
#[inline(always)]
pub(super) unsafe fn differs(place: *const u8, width: u8, none: u16) -> bool {
    // SAFETY: see above.
    unsafe {
        match usize::from(width) {
            1 => u16::from(place.read()) != none,
            2 => place.cast::<u16>().read() != none,
            WORD => place.cast::<usize>().read() != word(none),
            _ => place.cast::<u32>().read() != quad(none),
        }
    }
}

/// `None` is a number that some bytes of `T` never are. Which bytes: those that make a value of it if
/// they are changed.
const fn find_niche<T>() -> Presence {
    let mut slot = Slot::<T>::new(None);
    assert!(!is_some(&slot));
    let (mut start, mut end) = (usize::MAX, 0);
    // Eight at once, to get near: what the compiler interprets costs by steps.
    let mut at = 0;
    while at + 8 <= size_of::<T>() {
        // SAFETY: eight bytes of the slot, of which any may be anything.
        unsafe {
            let bytes = slot.as_mut_ptr().cast::<[MaybeUninit<u8>; 8]>();
            let bytes = bytes.byte_add(at);
            let before = bytes.read();
            bytes.write([MaybeUninit::new(0); 8]);
            let mut matter = is_some(&slot);
            bytes.write([MaybeUninit::new(1); 8]);
            matter |= is_some(&slot);
            bytes.write(before);
            if matter {
                break;
            }
        }
        at += 8;
    }
    while at < size_of::<T>() {
        // SAFETY: `at` is in the slot, of which any byte may be anything.
        unsafe {
            let byte = slot.as_mut_ptr().cast::<MaybeUninit<u8>>().add(at);
            let before = byte.read();
            byte.write(MaybeUninit::new(0));
            let mut matters = is_some(&slot);
            byte.write(MaybeUninit::new(1));
            matters |= is_some(&slot);
            byte.write(before);
            if matters {
                assert!(start == usize::MAX || end == at);
                if start == usize::MAX {
                    start = at;
                }
                end = at + 1;
            }
        }
        at += 1;
        if end > 0 && at > end {
            break;
        }
    }
    let width = end - start;
    assert!(width == 1 || width == 2 || width == 4 || width == WORD);
    let mut none = 0_usize;
    at = 0;
    while at < width {
        // SAFETY: these bytes are in the slot. They are initialised, or the compiler refuses it.
        let byte = unsafe { slot.as_ptr().cast::<u8>().add(start + at).read() };
        let place = if cfg!(target_endian = "little") {
            at
        } else {
            width - 1 - at
        };
        none |= (byte as usize) << (8 * place);
        at += 1;
    }
    let ends = match width {
        1 => none,
        _ => none >> (8 * (width - 1)) << 8 | none & 0xff,
    };
    assert!(number(to_u16(ends), width) == none);
    Presence {
        offset: narrow(start),
        width: to_u8(width),
        none: to_u16(ends),
        is_marked: false,
        value: 0,
    }
}

/// `T` may be any bytes, and the option has a number of its own in front of it: 0 or 1.
#[allow(clippy::panic, reason = "fails the build")]
const fn find_mark<T>() -> Presence {
    let value = size_of::<Option<T>>() - size_of::<T>();
    let mark = if cfg!(target_endian = "little") {
        0
    } else {
        value - 1
    };
    let none = Slot::<T>::new(None);
    let mut made = Slot::<T>::zeroed();
    assert!(!is_some(&made));
    // SAFETY: the byte is in the slot. Where bytes are read they are initialised, or the compiler
    // refuses it; a reference to the value is only asked where it leads.
    unsafe {
        assert!(none.as_ptr().cast::<u8>().add(mark).read() == 0);
        made.as_mut_ptr().cast::<u8>().add(mark).write(1);
        match &*made.as_ptr() {
            Some(inner) => {
                let found = core::ptr::from_ref(inner)
                    .cast::<u8>()
                    .offset_from(made.as_ptr().cast::<u8>());
                assert!(size_of::<T>() == 0 || found == value as isize);
            }
            None => panic!("an option with another number"),
        }
    }
    Presence {
        offset: narrow(mark),
        width: 1,
        none: 0,
        is_marked: true,
        value: narrow(value),
    }
}

impl OptionOps {
    /// Where the value is, if there is one.
    ///
    /// # Safety
    /// `option` is an option of the type that these are of.
    #[inline]
    pub(super) unsafe fn get(&self, option: *const u8) -> Option<*const u8> {
        let presence = self.presence;
        // SAFETY: these bytes are in it, and always initialised.
        let is_there = unsafe {
            let place = option.add(presence.offset as usize);
            differs(place, presence.width, presence.none)
        };
        // SAFETY: the value is in it.
        is_there.then(|| unsafe { option.add(presence.value as usize) })
    }
}

/// Code by which a type is read and written.
pub struct Hands {
    pub(super) read: unsafe fn(r: &mut Reader<'_>, slot: *mut u8, bare: bool) -> bool,
    pub(super) write: unsafe fn(value: *const u8, w: &mut Writer<'_>, bare: bool),
}

impl Hands {
    /// That of a type that has it.
    #[must_use]
    pub const fn of<T: TlRead<'static> + TlWrite>() -> &'static Self {
        trait Of {
            const HANDS: Hands;
        }
        impl<T: TlRead<'static> + TlWrite> Of for T {
            const HANDS: Hands = Hands::new::<T>();
        }
        &<T as Of>::HANDS
    }

    const fn new<T: TlRead<'static> + TlWrite>() -> Self {
        Self {
            read: read::<T>,
            write: write::<T>,
        }
    }
}

/// A type of which nothing is known but that it has code for all that tables can do.
pub struct Foreign {
    pub(super) layout: Layout,
    pub(super) owns: bool,
    pub(super) hands: Hands,
    pub(super) debug: unsafe fn(value: *const u8, f: &mut fmt::Formatter<'_>) -> fmt::Result,
    pub(super) eq: unsafe fn(a: *const u8, b: *const u8) -> bool,
    pub(super) clone: unsafe fn(value: *const u8, slot: *mut u8),
    pub(super) drop: unsafe fn(value: *mut u8),
    id: fn() -> TypeId,
    own: Option<OwnOps>,
}

/// How a type that borrows is made one that owns.
#[derive(Clone, Copy)]
struct OwnOps {
    /// Of the type that it is then.
    id: fn() -> TypeId,
    own: unsafe fn(value: *const u8, slot: *mut u8),
}

impl Foreign {
    /// Of a type that can all of it.
    #[must_use]
    pub const fn of<T>() -> &'static Self
    where
        T: TlRead<'static> + TlWrite + fmt::Debug + PartialEq + Clone + 'static,
    {
        trait Of {
            const FOREIGN: Foreign;
        }
        impl<T: TlRead<'static> + TlWrite + fmt::Debug + PartialEq + Clone + 'static> Of for T {
            const FOREIGN: Foreign = Foreign::new::<T>();
        }
        &<T as Of>::FOREIGN
    }

    /// The same of a type that can be made one that owns what it holds.
    #[must_use]
    pub const fn owning<T>() -> &'static Self
    where
        T: TlRead<'static> + TlWrite + fmt::Debug + PartialEq + Own<Owned: 'static> + 'static,
    {
        trait Of {
            const FOREIGN: Foreign;
        }
        impl<T> Of for T
        where
            T: TlRead<'static> + TlWrite + fmt::Debug + PartialEq + Own<Owned: 'static> + 'static,
        {
            const FOREIGN: Foreign = Foreign {
                own: Some(OwnOps {
                    id: TypeId::of::<T::Owned>,
                    own: own::<T>,
                }),
                ..Foreign::new::<T>()
            };
        }
        &<T as Of>::FOREIGN
    }

    const fn new<T>() -> Self
    where
        T: TlRead<'static> + TlWrite + fmt::Debug + PartialEq + Clone + 'static,
    {
        Self {
            layout: Layout::of::<T>(),
            owns: core::mem::needs_drop::<T>(),
            hands: Hands::new::<T>(),
            debug: debug::<T>,
            eq: eq::<T>,
            clone: clone::<T>,
            drop: drop_value::<T>,
            id: TypeId::of::<T>,
            own: None,
        }
    }

    /// Makes a value of one that borrows.
    ///
    /// # Panics
    /// If that is not what the other type is.
    ///
    /// # Safety
    /// `value` is of the type of these, and `slot` has room for one of the other.
    pub(super) unsafe fn own_as(&self, owned: &Self, value: *const u8, slot: *mut u8) {
        let own = self.own.filter(|own| (own.id)() == (owned.id)());
        assert!(own.is_some(), "the owned type is another");
        if let Some(OwnOps { own, .. }) = own {
            // SAFETY: as above; it is of that type.
            unsafe { own(value, slot) };
        }
    }
}

/// # Safety
/// `slot` has room for a `T`, whose lifetime is that of the reader's input and arena.
unsafe fn read<T: TlRead<'static>>(r: &mut Reader<'_>, slot: *mut u8, bare: bool) -> bool {
    // SAFETY: T<'static> stands for T<'a> here; what is read goes nowhere but into the slot, which
    // is a T<'a>.
    let r = unsafe { &mut *core::ptr::from_mut(r).cast::<Reader<'static>>() };
    let value = if bare { T::read_bare(r) } else { T::read(r) };
    match value {
        Ok(value) => {
            // SAFETY: see above.
            unsafe { slot.cast::<T>().write(value) };
            true
        }
        Err(_) => false,
    }
}

/// # Safety
/// `value` is a `T`.
unsafe fn write<T: TlWrite>(value: *const u8, w: &mut Writer<'_>, bare: bool) {
    // SAFETY: see above.
    let value = unsafe { &*value.cast::<T>() };
    if bare {
        value.write_bare(w);
    } else {
        value.write(w);
    }
}

/// # Safety
/// `value` is a `T`.
unsafe fn debug<T: fmt::Debug>(value: *const u8, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    // SAFETY: see above.
    unsafe { &*value.cast::<T>() }.fmt(f)
}

/// # Safety
/// Both are a `T`.
unsafe fn eq<T: PartialEq>(a: *const u8, b: *const u8) -> bool {
    // SAFETY: see above.
    unsafe { *a.cast::<T>() == *b.cast::<T>() }
}

/// # Safety
/// `value` is a `T` and `slot` has room for one.
unsafe fn clone<T: Clone>(value: *const u8, slot: *mut u8) {
    // SAFETY: see above.
    unsafe { slot.cast::<T>().write((*value.cast::<T>()).clone()) };
}

/// # Safety
/// `value` is a `T` and `slot` has room for what it is when it owns what it holds.
unsafe fn own<T: Own>(value: *const u8, slot: *mut u8) {
    // SAFETY: see above.
    unsafe { slot.cast::<T::Owned>().write((*value.cast::<T>()).own()) };
}

/// # Safety
/// `value` is a `T` and is no longer used.
unsafe fn drop_value<T>(value: *mut u8) {
    // SAFETY: see above.
    unsafe { value.cast::<T>().drop_in_place() };
}
