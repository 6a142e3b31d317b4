/** The wall: a box to post, and what everybody posted, newest first. */
import { useEffect } from 'preact/hooks'
import { signal } from '@preact/signals'
import { network } from '../state.ts'
import { addNews } from '../tabs.ts'
import { Author, Disc } from './author.tsx'
import { give, session } from './commands.ts'
import { LetterList } from './letter-list.ts'
import { LongList } from './long-list.tsx'
import { LongText } from './long-text.tsx'
import { SearchBox } from './search-box.tsx'
import { loadStyle } from './style.ts'
import { When } from './when.tsx'
import { WriteBox } from './write-box.tsx'
import type { PostLine } from '../../../node/letter-lines.ts'

const wanted = signal('')
const posts = signal<LetterList<PostLine> | undefined>(undefined)

/** Loads what the wall needs. */
export async function loadWallTab(): Promise<() => preact.JSX.Element> {
  await loadStyle()
  return WallTab
}

/** See the file's head. */
function WallTab(): preact.JSX.Element {
  const search = wanted.value
  useEffect(() => {
    if (network.session === undefined || posts.value !== undefined) return
    posts.value = openPosts(search)
  }, [])
  const list = posts.value
  return (
    <main class="talk wall">
      <div class="column">
        <h2 class="unseen">The wall</h2>
        <WriteBox
          label="A post for everybody"
          placeholder="Write to everybody in the network …"
          button="Post"
          send={async (text) => (await give(['post', '-'], text)).trim()}
        />
        <SearchBox
          label="Search the wall"
          value={search}
          onSearch={(text) => {
            wanted.value = text
            posts.value?.close()
            posts.value = openPosts(text)
          }}
        />
        {list !== undefined && <Posts key={search} list={list} isSearch={search !== ''} />}
      </div>
    </main>
  )
}

function openPosts(search: string): LetterList<PostLine> {
  return new LetterList<PostLine>({
    session: session(),
    argv: ['wall', ...(search === '' ? [] : ['--search', search])],
    onNews: (count) => addNews('wall', count),
  })
}

function Posts({
  list,
  isSearch,
}: {
  readonly list: LetterList<PostLine>
  readonly isSearch: boolean
}): preact.JSX.Element {
  const problem = list.problem.value
  return (
    <>
      {problem !== '' && (
        <p class="problem" role="alert">
          {problem}
        </p>
      )}
      <LongList
        label="Posts, newest first"
        items={list.items.value}
        keyOf={({ id }) => id}
        estimate={96}
        row={(post) => <Post post={post} />}
        hasMore={list.hasMore.value}
        onEnd={() => void list.more()}
        onSeen={(count) => (list.seenCount = count)}
        empty={
          !list.isLoaded.value ? (
            <p class="muted">Loading …</p>
          ) : isSearch ? (
            <p class="muted">No post has these words.</p>
          ) : (
            <>
              <h3>Nobody has posted yet</h3>
              <p class="muted">
                What is posted here, or with <code>skein post "text"</code>, everybody in the
                network gets, those too who are away now.
              </p>
            </>
          )
        }
      />
    </>
  )
}

function Post({ post }: { readonly post: PostLine }): preact.JSX.Element {
  const { id, author, from, timeMs, text } = post
  return (
    <article class="post">
      <Disc id={author} name={from} />
      <header>
        <Author id={author} name={from} />
        <When timeMs={timeMs} />
      </header>
      <LongText id={`post ${id}`} text={text} />
    </article>
  )
}
